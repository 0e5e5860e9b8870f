#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace al_mpi {

/// Mean and standard deviation of bands, one image at a time, in float64.
/// Reference: Chan, Golub, LeVeque, Algorithms for computing the sample variance (1983), eq. 2.1.
class BandMoments {
 public:
  explicit BandMoments(std::int64_t n_bands)
      : means_(static_cast<std::size_t>(n_bands)), squares_(static_cast<std::size_t>(n_bands)) {}

  /// `image` [n_bands, pixels].
  template <class T>
  void add(const T* image, std::int64_t pixels) {
    const auto n_old = static_cast<double>(n_), n_new = static_cast<double>(pixels);
    for (std::size_t b = 0; b < means_.size(); ++b, image += pixels) {
      double sum = 0, squares = 0;
      for (std::int64_t i = 0; i < pixels; ++i) sum += static_cast<double>(image[i]);
      const double mean = sum / n_new;
      for (std::int64_t i = 0; i < pixels; ++i) {
        const double off = static_cast<double>(image[i]) - mean;
        squares += off * off;
      }
      const double shift = mean - means_[b];
      squares_[b] += squares + shift * shift * n_old * n_new / (n_old + n_new);
      means_[b] += shift * n_new / (n_old + n_new);
    }
    n_ += pixels;
  }

  std::vector<float> mean() const { return {means_.begin(), means_.end()}; }

  /// Population standard deviation of one band.
  double deviation(std::size_t band) const {
    return std::sqrt(squares_[band] / static_cast<double>(n_));
  }

  /// Of every band; 1 where a band is constant, so that dividing by it is harmless.
  std::vector<float> std_dev() const {
    std::vector<float> result;
    for (std::size_t b = 0; b < squares_.size(); ++b) {
      const auto value = static_cast<float>(deviation(b));
      result.push_back(value > 0 ? value : 1.0f);
    }
    return result;
  }

 private:
  std::int64_t n_ = 0;  // pixels a band so far
  std::vector<double> means_, squares_;
};

}  // namespace al_mpi
