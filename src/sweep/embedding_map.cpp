#include "embedding_map.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <al_mpi/data/pixel_types.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t most_pixels = 4096;  // of each band that statistics look at

/// Mean and deviation of each band.
template <class T>
std::vector<float> band_numbers(const Split& split, std::int64_t index) {
  const std::int64_t n_pixels = split.height * split.width;
  const std::int64_t step = std::max<std::int64_t>(1, n_pixels / most_pixels);
  const auto* band = static_cast<const T*>(split.image(index));
  std::vector<float> numbers;
  for (std::int64_t c = 0; c < split.channels; ++c, band += n_pixels) {
    double sum = 0, squares = 0, n = 0;
    for (std::int64_t i = 0; i < n_pixels; i += step, ++n) {
      const auto value = static_cast<double>(band[i]);
      sum += value;
      squares += value * value;
    }
    numbers.push_back(static_cast<float>(sum / n));
    numbers.push_back(
        static_cast<float>(std::sqrt(std::max(0.0, squares / n - (sum / n) * (sum / n)))));
  }
  return numbers;
}

/// The class of a sample: its label, or what most of its labelled pixels are; -1 = none.
std::int64_t class_of(const Dataset& dataset, const Regions& regions, std::int64_t index) {
  const Split& pool = dataset.train();
  if (!pool.labels.empty()) return pool.labels[static_cast<std::size_t>(index)];
  std::vector<std::int64_t> counts(static_cast<std::size_t>(dataset.n_classes()), 0);
  const std::uint8_t* row = pool.label_map(regions.image_of(index)) +
                            regions.top_of(index) * pool.width + regions.left_of(index);
  for (std::int64_t y = 0; y < regions.height; ++y, row += pool.width) {
    for (const std::uint8_t* label = row; label < row + regions.width; ++label) {
      if (*label != dataset.ignore_label && *label < counts.size()) ++counts[*label];
    }
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  return most == counts.end() || *most == 0 ? -1 : most - counts.begin();
}

}  // namespace

EmbeddingMap::EmbeddingMap(std::shared_ptr<const Dataset> dataset, const std::string& embeddings,
                           const Regions& regions)
    : dataset_(std::move(dataset)), regions_(regions) {
  const auto& known = dataset_->train().embeddings;
  const auto found = embeddings == "auto" ? known.begin() : known.find(embeddings);
  if (found != known.end()) {
    stored_ = &found->second;
    words_ = fmt::format("the dataset's embeddings '{}', {} numbers", found->first, stored_->dim);
  } else {
    words_ = fmt::format("mean and deviation of each band (the dataset has no embeddings{})",
                         known.empty() ? "" : " '" + embeddings + "'");
  }
  const std::int64_t n = dataset_->train().n * regions.per_image(), n_even = std::min(n, most_even);
  std::vector<float> rows;
  for (std::int64_t i = 0; i < n_even; ++i) {
    even_.push_back(i * n / n_even);
    const std::vector<float> numbers = row(regions.image_of(even_.back()));
    rows.insert(rows.end(), numbers.begin(), numbers.end());
  }
  plane_ = std::make_unique<const PrincipalPlane>(rows, rows.size() / even_.size());
}

std::vector<float> EmbeddingMap::row(std::int64_t image) const {
  if (stored_ != nullptr) {
    const float* first = stored_->data + image * stored_->dim;
    return {first, first + stored_->dim};
  }
  const Split& pool = dataset_->train();
  return with_pixel_type(pool.pixel_type,
                         [&](auto zero) { return band_numbers<decltype(zero)>(pool, image); });
}

void EmbeddingMap::add(std::int64_t index, ResultsTables::Map& map) {
  const std::int64_t n = dataset_->train().n * regions_.per_image();
  const std::int64_t sample = index % n;  // of oracle.duplicates
  const auto [point, is_new] = points_.try_emplace(sample);
  if (is_new) {
    point->second = {plane_->place(row(regions_.image_of(sample)).data()),
                     class_of(*dataset_, regions_, sample)};
  }
  map.index.push_back(index);
  map.label.push_back(point->second.label);
  map.x.push_back(point->second.place[0]);
  map.y.push_back(point->second.place[1]);
}

ResultsTables::Map EmbeddingMap::with(const std::set<std::int64_t>& picked) {
  ResultsTables::Map map;
  map.embeddings = words_;
  map.shares = plane_->shares();
  map.n_even = static_cast<std::int64_t>(even_.size());
  for (const std::int64_t index : even_) add(index, map);
  const std::set<std::int64_t> known(even_.begin(), even_.end());
  for (const std::int64_t index : picked) {
    if (known.count(index) == 0) add(index, map);
  }
  return map;
}

}  // namespace al_mpi
