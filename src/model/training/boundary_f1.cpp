#include "boundary_f1.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace al_mpi {

BoundaryF1::BoundaryF1(std::int64_t n_classes, std::int64_t height, std::int64_t width,
                       std::int64_t ignored)
    : height_(height),
      width_(width),
      ignored_(ignored),
      margin_(tolerance(height, width)),
      row_(width + 2 * margin_),
      true_boundary_(static_cast<std::size_t>((height + 2 * margin_) * row_), std::int16_t{-1}),
      predicted_boundary_(true_boundary_),
      true_(static_cast<std::size_t>(n_classes)),
      predicted_(true_) {
  std::vector<std::pair<std::int64_t, std::int64_t>> by_distance;  // squared, offset
  for (std::int64_t y = -margin_; y <= margin_; ++y) {
    for (std::int64_t x = -margin_; x <= margin_; ++x) {
      const std::int64_t squared = y * y + x * x;
      if (squared <= margin_ * margin_) by_distance.emplace_back(squared, y * row_ + x);
    }
  }
  std::sort(by_distance.begin(), by_distance.end());
  for (const auto& [squared, offset] : by_distance) offsets_.push_back(offset);
}

std::int64_t BoundaryF1::tolerance(std::int64_t height, std::int64_t width) {
  const double diagonal = std::hypot(static_cast<double>(height), static_cast<double>(width));
  return std::max<std::int64_t>(1, std::llround(0.0075 * diagonal));
}

void BoundaryF1::add(const std::int64_t* truth, const std::int64_t* predicted) {
  find_boundary(truth, truth, true_boundary_);
  find_boundary(predicted, truth, predicted_boundary_);
  count(true_boundary_, predicted_boundary_, true_);
  count(predicted_boundary_, true_boundary_, predicted_);
}

void BoundaryF1::find_boundary(const std::int64_t* map, const std::int64_t* truth,
                               std::vector<std::int16_t>& boundary) const {
  for (std::int64_t y = 0; y < height_; ++y) {
    std::int16_t* out = boundary.data() + (y + margin_) * row_ + margin_;
    for (std::int64_t x = 0; x < width_; ++x) {
      const std::int64_t i = y * width_ + x;
      const auto differs = [&](std::int64_t neighbour) {
        return truth[neighbour] != ignored_ && map[neighbour] != map[i];
      };
      const bool on_boundary =
          truth[i] != ignored_ &&
          ((x > 0 && differs(i - 1)) || (x + 1 < width_ && differs(i + 1)) ||
           (y > 0 && differs(i - width_)) || (y + 1 < height_ && differs(i + width_)));
      out[x] = static_cast<std::int16_t>(on_boundary ? map[i] : -1);
    }
  }
}

void BoundaryF1::count(const std::vector<std::int16_t>& boundary,
                       const std::vector<std::int16_t>& other, std::vector<Counts>& counts) const {
  for (std::int64_t y = 0; y < height_; ++y) {
    const std::int64_t first = (y + margin_) * row_ + margin_;
    for (std::int64_t i = first; i < first + width_; ++i) {
      const std::int16_t label = boundary[static_cast<std::size_t>(i)];
      if (label < 0) continue;
      Counts& of_class = counts[static_cast<std::size_t>(label)];
      ++of_class.n;
      of_class.met += std::any_of(offsets_.begin(), offsets_.end(), [&](std::int64_t offset) {
        return other[static_cast<std::size_t>(i + offset)] == label;
      });
    }
  }
}

double BoundaryF1::value() const {
  double sum = 0;
  std::int64_t n = 0;
  for (std::size_t k = 0; k < true_.size(); ++k) {
    if (true_[k].n == 0) continue;
    ++n;
    if (true_[k].met == 0 || predicted_[k].met == 0) continue;  // F1 = 0
    const double recall = true_[k].share(), precision = predicted_[k].share();
    sum += 2 * precision * recall / (precision + recall);
  }
  return n > 0 ? sum / static_cast<double>(n) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace al_mpi
