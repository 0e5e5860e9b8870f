#include <al_mpi/query/stored_predictions.hpp>

#include <algorithm>
#include <cmath>
#include <set>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/data/dataset.hpp>
#include <al_mpi/model/inputs.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t batch_numbers = std::int64_t{1} << 22;  // 16 or 32 MiB
constexpr double sum_tolerance = 0.01;  // float16, and numbers rounded to three decimals

std::string shown(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

/// "[n, C] or [n, C, H, W]" -> numbers of dimensions: 2 and 4.
std::set<std::size_t> ranks_of(const std::string& shapes) {
  std::set<std::size_t> ranks;
  for (std::size_t at = shapes.find('['); at != std::string::npos; at = shapes.find('[', at + 1)) {
    const auto begin = shapes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = shapes.begin() + static_cast<std::ptrdiff_t>(shapes.find(']', at));
    ranks.insert(1 + static_cast<std::size_t>(std::count(begin, end, ',')));
  }
  return ranks;
}

/// Which dimension counts samples, of arrays that have one.
std::size_t sample_dim(const std::string& array) {
  return array == "mc_probs" ? 1 : 0;
}

bool about(double value, double wanted) {
  return std::abs(value - wanted) <= sum_tolerance * wanted;
}

}  // namespace

StoredPredictions::StoredPredictions(const std::string& file, const std::string& group,
                                     std::string asker)
    : file_(Hdf5File::open(file)), group_(group), asker_(std::move(asker)) {
  while (!group_.empty() && group_.back() == '/') group_.pop_back();
  if (group_.empty() || group_.front() != '/') group_.insert(0, "/");
  if (!file_.has(group_)) throw DataError(file, group_, "no such group");
  if (group_ == "/") group_.clear();
  for (const ArrayInfo& array : array_catalog()) {
    if (!file_.has(path(array.name))) continue;
    const DatasetInfo info = file_.info(path(array.name));
    if (ranks_of(array.shape).count(info.shape.size()) == 0) {
      refuse(array.name, fmt::format("is {}, not {}", shown(info.shape), array.shape));
    }
    arrays_[array.name] = info;
  }
  check_shapes();
  check_classes();
}

void StoredPredictions::refuse(const std::string& array, const std::string& problem) const {
  throw DataError(file_.path(), path(array), problem);
}

/// All arrays must be of as many samples.
void StoredPredictions::check_shapes() {
  std::map<std::int64_t, std::vector<std::string>> sizes;  // n -> who says so
  for (const auto& [name, info] : arrays_) {
    if (name.rfind("head_", 0) == 0) continue;
    sizes[info.shape[sample_dim(name)]].push_back(fmt::format("{} {}", name, shown(info.shape)));
  }
  if (sizes.empty()) {
    throw DataError(file_.path(), group_name(),
                    fmt::format("no array of predictions (it holds: {})",
                                fmt::join(file_.children(group_name()), ", ")));
  }
  if (sizes.size() > 1) {
    std::vector<std::string> said;
    for (const auto& [n, names] : sizes) {
      said.push_back(fmt::format("{} by {}", n, fmt::join(names, ", ")));
    }
    std::string hint;
    for (const char* array : {"probs", "mc_probs"}) {
      if (!has(array)) continue;
      const std::size_t dim = sample_dim(array), other = 1 - dim;
      if (sizes.count(needed(array)[other]) > 0) {
        hint += fmt::format("; {}: the first two axes are exchanged, transpose them", array);
      }
    }
    if (has("labeled")) hint += "; 'labeled' is a mask of n zeros and ones, no list of indices";
    throw DataError(
        file_.path(), group_name(),
        fmt::format("the number of samples differs: {}{}", fmt::join(said, "; "), hint));
  }
  pool_size_ = sizes.begin()->first;
  if (pool_size_ == 0) throw DataError(file_.path(), group_name(), "arrays of no samples");
  if (has("mc_probs") && arrays_.size() == 1 && n_passes() > pool_size_) {
    refuse(
        "mc_probs",
        fmt::format("{} is read as {} passes over {} samples; transpose the first two axes if it "
                    "is the other way round, else store 'labeled' beside it, which tells",
                    shown(needed("mc_probs")), n_passes(), pool_size_));
  }
}

/// All arrays must be of as many classes, two or more.
void StoredPredictions::check_classes() const {
  std::int64_t known = -1;
  const auto check_count = [&](const std::string& array, std::size_t dim) {
    if (!has(array)) return;
    const std::int64_t n = needed(array)[dim];
    if (n < 2) {
      refuse(array, fmt::format("is {}: of {} class (of two classes store both probabilities, "
                                "1 - p and p)",
                                shown(needed(array)), n));
    }
    if (known >= 0 && n != known) {
      refuse(array, fmt::format("is of {} classes, another array of {}", n, known));
    }
    known = n;
  };
  check_count("probs", 1);
  check_count("mc_probs", 2);
  check_count("head_weight", 0);
  check_count("head_bias", 0);
  if (has("mc_probs") && n_passes() == 0) refuse("mc_probs", "holds no passes");
  if (has("head_weight") && has("features") && needed("head_weight")[1] != needed("features")[1]) {
    refuse("head_weight", fmt::format("is {} beside features {}: not [C, d] and [n, d]",
                                      shown(needed("head_weight")), shown(needed("features"))));
  }
}

const Shape& StoredPredictions::needed(const std::string& array) const {
  const auto found = arrays_.find(array);
  if (found != arrays_.end()) return found->second.shape;
  throw DataError(file_.path(), group_name(),
                  fmt::format("{} needs '{}', which is not there (it holds: {})", asker_, array,
                              fmt::join(file_.children(group_name()), ", ")));
}

std::int64_t StoredPredictions::n_passes() const {
  return has("mc_probs") ? needed("mc_probs")[0] : 0;
}

Indices StoredPredictions::marked(const std::string& array) const {
  Indices indices;
  if (!has(array)) return indices;
  const auto mask = file_.read<double>(path(array));
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] != 0.0 && mask[i] != 1.0) {
      refuse(array, fmt::format("entry {} is {}, not 0 or 1 (of indices make a mask: mask = "
                                "numpy.zeros({}, bool); mask[indices] = True)",
                                i, mask[i], mask.size()));
    }
    if (mask[i] != 0.0) indices.push_back(static_cast<std::int64_t>(i));
  }
  return indices;
}

std::vector<std::int64_t> StoredPredictions::labels(const Indices& indices) const {
  if (!has("labels")) return {};
  if (labels_.empty()) {
    for (const double label : file_.read<double>(path("labels"))) {
      const bool whole = label == std::floor(label) && std::abs(label) < 1e9;
      labels_.push_back(whole ? static_cast<std::int64_t>(label) : -2);
    }
  }
  const bool classes = has("probs") || has("mc_probs") || has("head_weight");
  const std::int64_t end = classes ? n_classes() : std::int64_t{1} << 20;
  std::vector<std::int64_t> labels;
  for (const std::int64_t i : indices) {
    labels.push_back(labels_[static_cast<std::size_t>(i)]);
    if (labels.back() < 0 || labels.back() >= end) {
      refuse("labels", fmt::format("sample {} has no class number from 0 to {}", i, end - 1));
    }
  }
  return labels;
}

double StoredPredictions::cost(std::int64_t index) const {
  if (costs_.empty()) costs_ = file_.read<double>(path("costs"));
  const double cost = costs_.at(static_cast<std::size_t>(index));
  if (!is_cost(cost)) {
    refuse("costs", fmt::format("entry {} is {}, not a finite number above 0", index, cost));
  }
  return cost;
}

std::int64_t StoredPredictions::n_classes() const {
  if (has("mc_probs")) return needed("mc_probs")[2];
  if (has("head_weight") && !has("probs")) return needed("head_weight")[0];
  return needed("probs")[1];
}

void StoredPredictions::each_probabilities(const Indices& indices, const BatchFn& fn) {
  each_batch("probs", 0, indices, [&](std::int64_t first, const at::Tensor& p) {
    check_probabilities("probs", p.unsqueeze(0), part(indices, first, p.size(0)));
    fn(first, p);
  });
}

void StoredPredictions::each_mc_probabilities(const Indices& indices, std::int64_t passes,
                                              const BatchFn& fn) {
  if (passes > needed("mc_probs")[0]) {
    refuse("mc_probs",
           fmt::format("holds {} passes, query.mc_passes asks for {}", n_passes(), passes));
  }
  each_batch("mc_probs", passes, indices, [&](std::int64_t first, const at::Tensor& p) {
    check_probabilities("mc_probs", p, part(indices, first, p.size(1)));
    n_passes_read_ += passes;
    passes_differ_ = passes_differ_ || p.ne(p.select(0, 0)).any().item<bool>();
    fn(first, p);
  });
}

/// Refuses [T, b, C, ...] with its first row that holds no probabilities.
void StoredPredictions::check_probabilities(const std::string& array, const at::Tensor& p,
                                            const Indices& indices) const {
  const at::Tensor sums = p.sum({2}, false, at::kDouble);
  const at::Tensor most = sums <= 1.0 + sum_tolerance;
  at::Tensor good = (cut_off_ && p.dim() > 3 ? most : most & (sums >= 1.0 - sum_tolerance)) &
                    (p.amin({2}) >= -1e-6);  // a NaN is neither
  if (good.all().item<bool>()) return;
  const at::Tensor bad = good.logical_not().nonzero()[0];  // pass, row, pixel
  const std::int64_t row = bad[1].item<std::int64_t>();
  at::Tensor values = p.select(0, bad[0].item<std::int64_t>()).select(0, row);
  std::string where = fmt::format("row {}", indices[static_cast<std::size_t>(row)]);
  if (array == "mc_probs") where += fmt::format(" of pass {}", bad[0].item<std::int64_t>());
  if (p.dim() > 3) {
    const std::int64_t y = bad[2].item<std::int64_t>(), x = bad[3].item<std::int64_t>();
    const bool last = (values.sum({-1}) - 1.0).abs().amax().item<double>() <= sum_tolerance;
    if (last) refuse(array, where + ": classes are the last axis; they belong after the samples");
    values = values.select(1, y).select(1, x);
    where += fmt::format(", pixel ({}, {}),", y, x);
  }
  refuse(array, fmt::format("{} sums to {:.6g}, not 1: {}", where,
                            values.sum({0}, false, at::kDouble).item<double>(),
                            fault_of(values.to(at::kDouble))));
}

/// Words for what is wrong with numbers [C] that are no probabilities, and how to make them some.
std::string StoredPredictions::fault_of(const at::Tensor& row) const {
  if (!at::isfinite(row).all().item<bool>()) return "it holds a NaN or an infinity";
  const double sum = row.sum().item<double>();
  const double low = row.min().item<double>(), high = row.max().item<double>();
  if (low >= 0 && about(sum, 100)) return "these are percent (divide by 100)";
  if (low >= 0 && about(sum, 255)) return "these are bytes (divide by 255)";
  if (high <= 0 && about(row.exp().sum().item<double>(), 1)) {
    return "these are logarithms of probabilities (apply exp)";
  }
  if (low >= 0 && high <= 1 && sum > 1) {
    return "these are independent answers of a sigmoid, of which several may be true; a strategy "
           "needs one class a sample (apply softmax to the logits)";
  }
  if (low >= 0 && high <= 1) {
    return "a class is missing (pixels whose ignored class was cut off: query.ignored_class="
           "cut_off)";
  }
  return fmt::format("these are logits, from {:.4g} to {:.4g} (apply softmax)", low, high);
}

/// Reads runs of rows that span the wanted ones; `passes` > 0: of the first so many passes.
void StoredPredictions::each_batch(const std::string& array, std::int64_t passes,
                                   const Indices& indices, const BatchFn& fn) const {
  Shape count = needed(array);
  const bool single = arrays_.at(array).type == ElementType::float32;
  const std::size_t dim = passes > 0 ? 1 : 0;
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
    start[dim] = low;
    count[dim] = high - low + 1;
    at::Tensor run = at::empty(count, single ? at::kFloat : at::kDouble);
    if (single) {
      file_.read_slab(path(array), start, count, run.data_ptr<float>());
    } else {
      file_.read_slab(path(array), start, count, run.data_ptr<double>());
    }
    fn(static_cast<std::int64_t>(first),
       run.index_select(static_cast<std::int64_t>(dim), at::tensor(wanted) - low));
    first += wanted.size();
  }
}

/// A whole array, in float32 or float64.
at::Tensor StoredPredictions::read(const std::string& array, at::ScalarType type) const {
  const Shape& shape = needed(array);
  at::Tensor all = at::empty(shape, type);
  const Shape start(shape.size(), 0);
  if (type == at::kDouble) {
    file_.read_slab(path(array), start, shape, all.data_ptr<double>());
  } else {
    file_.read_slab(path(array), start, shape, all.data_ptr<float>());
  }
  return all;
}

at::Tensor StoredPredictions::rows(const std::string& array, const Indices& indices) const {
  const bool losses = array == "predicted_losses";
  at::Tensor some =
      read(array, losses ? at::kDouble : at::kFloat).index_select(0, at::tensor(indices));
  const at::Tensor good = at::isfinite(some).reshape({some.size(0), -1}).all(1);
  if (!good.all().item<bool>()) {
    const auto row = good.logical_not().nonzero()[0][0].item<std::int64_t>();
    refuse(array, fmt::format("row {} holds a NaN or an infinity",
                              indices[static_cast<std::size_t>(row)]));
  }
  return some;
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
  if (needed("head_bias") != Shape{shape[0]}) {
    refuse("head_weight", "is not [C, d] beside head_bias [C]");
  }
  Indices classes;
  for (std::int64_t c = 0; c < shape[0]; ++c) classes.push_back(c);
  return {rows("head_weight", classes), rows("head_bias", classes)};
}

void StoredPredictions::each_images(const Indices&, const ImageBatchFn&) {
  throw DataError(file_.path(), group_name(),
                  asker_ + " needs a network, not stored arrays (run a whole trial)");
}

}  // namespace al_mpi
