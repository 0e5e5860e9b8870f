#include <algorithm>

#include <al_mpi/base/error.hpp>
#include <al_mpi/data/pool.hpp>

namespace al_mpi {

Pool::Pool(const Dataset& dataset)
    : dataset_(&dataset), is_labeled_(static_cast<std::size_t>(dataset.train().n), false) {}

Indices Pool::unlabeled() const {
  Indices indices;
  indices.reserve(is_labeled_.size() - labeled_.size());
  for (std::int64_t i = 0; i < size(); ++i) {
    if (!is_labeled(i)) indices.push_back(i);
  }
  return indices;
}

void Pool::label(const Indices& picks) {
  for (const std::int64_t index : picks) {
    check(index >= 0 && index < size(), "pick {} outside the pool of {}", index, size());
    check(!is_labeled(index), "pick {} is labelled already", index);
    is_labeled_[static_cast<std::size_t>(index)] = true;
    labeled_.push_back(index);
    count_pixels(index);
  }
}

void Pool::count_pixels(std::int64_t index) {
  const Split& split = dataset_->train();
  if (split.label_maps == nullptr) return;
  const std::int64_t n_pixels = split.height * split.width;
  const std::uint8_t* map = split.label_map(index);
  pixels_labeled_.all += n_pixels;
  pixels_labeled_.foreground +=
      n_pixels - std::count(map, map + n_pixels, dataset_->ignore_label);
}

std::int64_t Pool::label_of(std::int64_t index) const {
  check(index >= 0 && index < size() && is_labeled(index), "the label of {} was not bought", index);
  const auto& labels = dataset_->train().labels;
  check(!labels.empty(), "label_of() is for classification");
  return labels[static_cast<std::size_t>(index)];
}

}  // namespace al_mpi
