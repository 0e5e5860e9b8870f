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
      : n_(static_cast<std::size_t>(n_bands)),
        means_(static_cast<std::size_t>(n_bands)),
        squares_(static_cast<std::size_t>(n_bands)) {}

  /// `image` [n_bands, pixels]; where `missing` (of the same shape, or nullptr) is not 0, it does
  /// not count.
  template <class T>
  void add(const T* image, std::int64_t pixels, const std::uint8_t* missing = nullptr) {
    for (std::size_t b = 0; b < means_.size(); ++b, image += pixels) {
      const std::uint8_t* gone =
          missing == nullptr ? nullptr : missing + static_cast<std::int64_t>(b) * pixels;
      const auto counts = [gone](std::int64_t i) { return gone == nullptr || gone[i] == 0; };
      std::int64_t n_there = 0;
      double sum = 0, squares = 0;
      for (std::int64_t i = 0; i < pixels; ++i) {
        if (!counts(i)) continue;
        sum += static_cast<double>(image[i]);
        ++n_there;
      }
      if (n_there == 0) continue;
      const auto n_old = static_cast<double>(n_[b]), n_new = static_cast<double>(n_there);
      const double mean = sum / n_new;
      for (std::int64_t i = 0; i < pixels; ++i) {
        if (!counts(i)) continue;
        const double off = static_cast<double>(image[i]) - mean;
        squares += off * off;
      }
      const double shift = mean - means_[b];
      squares_[b] += squares + shift * shift * n_old * n_new / (n_old + n_new);
      means_[b] += shift * n_new / (n_old + n_new);
      n_[b] += n_there;
    }
  }

  std::vector<float> mean() const { return {means_.begin(), means_.end()}; }

  /// Population standard deviation of one band.
  double deviation(std::size_t band) const {
    return n_[band] == 0 ? 0.0 : std::sqrt(squares_[band] / static_cast<double>(n_[band]));
  }

  /// The deviation of every band; 1 where a band is constant, so that dividing by it is harmless.
  std::vector<float> std_dev() const {
    std::vector<float> result;
    for (std::size_t b = 0; b < squares_.size(); ++b) {
      const auto value = static_cast<float>(deviation(b));
      result.push_back(value > 0 ? value : 1.0f);
    }
    return result;
  }

 private:
  std::vector<std::int64_t> n_;  // pixels of each band so far
  std::vector<double> means_, squares_;
};

}  // namespace al_mpi
