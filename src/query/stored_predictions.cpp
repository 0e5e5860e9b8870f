#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <al_mpi/query/stored_predictions.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t batch_numbers = std::int64_t{1} << 22;  // float32, 16 MiB

}  // namespace

StoredPredictions::StoredPredictions(const std::string& file, const std::string& group,
                                     std::string asker)
    : file_(Hdf5File::open(file)), group_(group), asker_(std::move(asker)) {
  while (!group_.empty() && group_.back() == '/') group_.pop_back();
  if (group_.empty() || group_.front() != '/') group_.insert(0, "/");
  if (!file_.has(group_)) throw DataError(file, group_, "no such group");
  if (group_ == "/") group_.clear();
  for (const char* array : {"probs", "mc_probs", "features", "embeddings", "predicted_losses",
                            "head_weight", "head_bias", "labeled", "labels"}) {
    if (file_.has(path(array))) shapes_[array] = file_.info(path(array)).shape;
  }
  check_shape("probs", 0, {2, 4});
  check_shape("mc_probs", 1, {3, 5});
  check_shape("features", 0, {2});
  check_shape("embeddings", 0, {2});
  check_shape("predicted_losses", 0, {1});
  check_shape("labeled", 0, {1});
  check_shape("labels", 0, {1});
  if (pool_size_ < 0) {
    throw DataError(file, group_.empty() ? "/" : group_,
                    fmt::format("no array of predictions (it holds: {})",
                                fmt::join(file_.children(group_.empty() ? "/" : group_), ", ")));
  }
}

void StoredPredictions::check_shape(const std::string& array, std::size_t sample_dim,
                                    std::vector<std::size_t> ranks) {
  if (!has(array)) return;
  const Shape& shape = shapes_.at(array);
  if (std::find(ranks.begin(), ranks.end(), shape.size()) == ranks.end()) {
    throw DataError(
        file_.path(), path(array),
        fmt::format("has {} dimensions, not {}", shape.size(), fmt::join(ranks, " or ")));
  }
  const std::int64_t n = shape[sample_dim];
  if (pool_size_ >= 0 && n != pool_size_) {
    throw DataError(file_.path(), path(array),
                    fmt::format("is of {} samples, another array of {}", n, pool_size_));
  }
  pool_size_ = n;
}

const Shape& StoredPredictions::needed(const std::string& array) const {
  const auto found = shapes_.find(array);
  if (found != shapes_.end()) return found->second;
  throw DataError(file_.path(), group_.empty() ? "/" : group_,
                  fmt::format("{} needs '{}', which is not there (it holds: {})", asker_, array,
                              fmt::join(file_.children(group_.empty() ? "/" : group_), ", ")));
}

std::int64_t StoredPredictions::n_passes() const {
  return has("mc_probs") ? shapes_.at("mc_probs")[0] : 0;
}

Indices StoredPredictions::labeled() const {
  Indices indices;
  if (!has("labeled")) return indices;
  const auto mask = file_.read<std::uint8_t>(path("labeled"));
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] != 0) indices.push_back(static_cast<std::int64_t>(i));
  }
  return indices;
}

std::vector<std::int64_t> StoredPredictions::labels(const Indices& indices) const {
  if (!has("labels")) return {};
  if (labels_.empty()) labels_ = file_.read<std::int64_t>(path("labels"));
  std::vector<std::int64_t> labels;
  for (const std::int64_t i : indices) labels.push_back(labels_[static_cast<std::size_t>(i)]);
  return labels;
}

std::int64_t StoredPredictions::n_classes() const {
  return has("mc_probs") ? shapes_.at("mc_probs")[2] : needed("probs")[1];
}

void StoredPredictions::each_probabilities(const Indices& indices, const BatchFn& fn) {
  each_batch("probs", 0, indices, fn);
}

void StoredPredictions::each_mc_probabilities(const Indices& indices, std::int64_t passes,
                                              const BatchFn& fn) {
  if (passes > needed("mc_probs")[0]) {
    throw DataError(
        file_.path(), path("mc_probs"),
        fmt::format("holds {} passes, query.mc_passes asks for {}", n_passes(), passes));
  }
  each_batch("mc_probs", passes, indices, fn);
}

/// Reads runs of rows that span the wanted ones; `passes` > 0: of the first so many passes.
void StoredPredictions::each_batch(const std::string& array, std::int64_t passes,
                                   const Indices& indices, const BatchFn& fn) const {
  Shape count = needed(array);
  const std::size_t sample_dim = passes > 0 ? 1 : 0;
  if (passes > 0) count[0] = passes;
  const std::int64_t most = std::max<std::int64_t>(
      1, batch_numbers * pool_size_ / std::max<std::int64_t>(1, n_elements(count)));
  for (std::size_t first = 0; first < indices.size();) {
    std::int64_t low = indices[first];
    std::int64_t high = low;
    std::vector<std::int64_t> wanted;
    for (std::size_t i = first; i < indices.size(); ++i) {
      const std::int64_t new_low = std::min(low, indices[i]);
      const std::int64_t new_high = std::max(high, indices[i]);
      if (new_high - new_low + 1 > most) break;
      low = new_low;
      high = new_high;
      wanted.push_back(indices[i]);
    }
    Shape start(count.size(), 0);
    start[sample_dim] = low;
    count[sample_dim] = high - low + 1;
    at::Tensor run = at::empty(count, at::kFloat);
    file_.read_slab(path(array), start, count, run.data_ptr<float>());
    fn(static_cast<std::int64_t>(first),
       run.index_select(static_cast<std::int64_t>(sample_dim), at::tensor(wanted) - low));
    first += wanted.size();
  }
}

at::Tensor StoredPredictions::rows(const std::string& array, const Indices& indices) const {
  const Shape& shape = needed(array);
  at::Tensor all = at::empty(shape, at::kFloat);
  file_.read_slab(path(array), Shape(shape.size(), 0), shape, all.data_ptr<float>());
  return all.index_select(0, at::tensor(indices));
}

at::Tensor StoredPredictions::features(const Indices& indices) {
  return rows("features", indices);
}

at::Tensor StoredPredictions::embeddings(const Indices& indices) {
  return rows("embeddings", indices);
}

at::Tensor StoredPredictions::predicted_losses(const Indices& indices) {
  return rows("predicted_losses", indices);
}

LinearHead StoredPredictions::head() {
  const Shape& shape = needed("head_weight");
  if (shape.size() != 2 || needed("head_bias") != Shape{shape[0]}) {
    throw DataError(file_.path(), path("head_weight"), "is not [C, d] beside head_bias [C]");
  }
  Indices classes;
  for (std::int64_t c = 0; c < shape[0]; ++c) classes.push_back(c);
  return {rows("head_weight", classes), rows("head_bias", classes)};
}

void StoredPredictions::each_images(const Indices&, const ImageBatchFn&) {
  throw DataError(file_.path(), group_.empty() ? "/" : group_,
                  asker_ + " needs a network, not stored arrays (run a whole trial)");
}

}  // namespace al_mpi
