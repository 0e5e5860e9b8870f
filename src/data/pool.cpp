#include <algorithm>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/rng.hpp>
#include <al_mpi/data/pool.hpp>

namespace al_mpi {

Pool::Pool(const Dataset& dataset, const OracleOptions& oracle, std::int64_t seed)
    : dataset_(&dataset),
      oracle_(oracle),
      seed_(seed),
      is_bought_(static_cast<std::size_t>(dataset.train().n), false) {
  if (oracle.noise > 0 && dataset.task != Task::classification) {
    throw ConfigError("oracle.noise", "label noise is for classification");
  }
}

Indices Pool::unlabeled() const {
  Indices indices;
  indices.reserve(static_cast<std::size_t>(size() - n_bought()));
  for (std::int64_t i = 0; i < size(); ++i) {
    if (!is_bought_[static_cast<std::size_t>(i)]) indices.push_back(i);
  }
  return indices;
}

void Pool::label(const Indices& picks) {
  buy(picks, labeled_);
}

void Pool::hold_out(const Indices& picks) {
  buy(picks, held_out_);
}

void Pool::buy(const Indices& picks, Indices& list) {
  for (const std::int64_t index : picks) {
    check(index >= 0 && index < size(), "pick {} outside the pool of {}", index, size());
    check(!is_bought_[static_cast<std::size_t>(index)], "pick {} was bought already", index);
    is_bought_[static_cast<std::size_t>(index)] = true;
    list.push_back(index);
    count_pixels(index);
  }
}

void Pool::count_pixels(std::int64_t index) {
  const Split& split = dataset_->train();
  if (split.label_maps == nullptr) return;
  const std::int64_t n_pixels = split.height * split.width;
  const std::uint8_t* map = split.label_map(index);
  pixels_labeled_.all += n_pixels;
  pixels_labeled_.foreground += n_pixels - std::count(map, map + n_pixels, dataset_->ignore_label);
}

std::int64_t Pool::label_of(std::int64_t index) const {
  check(index >= 0 && index < size() && is_bought_[static_cast<std::size_t>(index)],
        "the label of {} was not bought", index);
  return oracle_label(index);
}

std::int64_t Pool::oracle_label(std::int64_t index) const {
  const auto& labels = dataset_->train().labels;
  check(!labels.empty(), "labels of samples are for classification");
  const std::int64_t truth = labels.at(static_cast<std::size_t>(index));
  if (oracle_.noise == 0) return truth;
  RngStream rng(seed_, "label_noise", static_cast<std::uint64_t>(index));
  if (rng.uniform() >= oracle_.noise) return truth;
  const auto n_others = static_cast<std::uint64_t>(dataset_->n_classes() - 1);
  const auto other = static_cast<std::int64_t>(rng.below(n_others));  // uniform over the wrong ones
  return other < truth ? other : other + 1;
}

}  // namespace al_mpi
