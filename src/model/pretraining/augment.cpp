#include "augment.hpp"

#include <algorithm>
#include <cmath>

namespace al_mpi {
namespace {

/// n_out points over [begin, begin + length) of n pixels, at the centres of equal parts.
Sampling sampling(std::int64_t n, double begin, double length, std::int64_t n_out) {
  Sampling out;
  for (std::int64_t i = 0; i < n_out; ++i) {
    const double at = begin + (static_cast<double>(i) + 0.5) * length / static_cast<double>(n_out);
    const double place = std::clamp(at - 0.5, 0.0, static_cast<double>(n - 1));
    const auto first = static_cast<std::int64_t>(place);
    out.first.push_back(first);
    out.second.push_back(std::min(first + 1, n - 1));
    out.share.push_back(static_cast<float>(place - static_cast<double>(first)));
  }
  return out;
}

void reverse(Sampling& sampling) {
  std::reverse(sampling.first.begin(), sampling.first.end());
  std::reverse(sampling.second.begin(), sampling.second.end());
  std::reverse(sampling.share.begin(), sampling.share.end());
}

/// out = 1/4 a + 1/2 b + 1/4 c, element by element.
void binomial(const float* a, const float* b, const float* c, float* out, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = 0.25f * (a[i] + c[i]) + 0.5f * b[i];
}

}  // namespace

Augmenter::Augmenter(const Shape& shape, std::vector<float> mean_over_std,
                     const AugmentOptions& options)
    : shape_(shape), mean_over_std_(std::move(mean_over_std)), options_(options) {}

View Augmenter::identity() const {
  const auto n = static_cast<std::size_t>(shape_.channels);
  const auto whole = [](std::int64_t size) {
    return sampling(size, 0, static_cast<double>(size), size);
  };
  return {false,
          whole(shape_.height),
          whole(shape_.width),
          std::vector<float>(n, 1.0f),
          std::vector<float>(n, 0.0f),
          false};
}

View Augmenter::draw(RngStream& rng) const {
  const double area = options_.smallest_crop + (1 - options_.smallest_crop) * rng.uniform();
  const double aspect = std::exp(std::log(4.0 / 3.0) * (2 * rng.uniform() - 1));
  const double share_y = std::min(1.0, std::sqrt(area * aspect));
  const double share_x = std::min(1.0, std::sqrt(area / aspect));
  const double place_y = rng.uniform(), place_x = rng.uniform();
  View view;
  view.transposed = rng.below(2) == 1;
  const auto cut = [&](std::int64_t size, double share, double place, std::int64_t n_out) {
    const double length = share * static_cast<double>(size);
    return sampling(size, place * (static_cast<double>(size) - length), length, n_out);
  };
  view.rows = cut(shape_.height, share_y, place_y, view.transposed ? shape_.width : shape_.height);
  view.columns =
      cut(shape_.width, share_x, place_x, view.transposed ? shape_.height : shape_.width);
  if (rng.below(2) == 1) reverse(view.rows);
  if (rng.below(2) == 1) reverse(view.columns);
  view.blur = rng.uniform() < options_.blur;
  const double common = options_.gain * rng.normal();
  for (const float zero : mean_over_std_) {
    const auto gain = static_cast<float>(std::exp(common + options_.band_gain * rng.normal()));
    const bool missing = rng.uniform() < options_.band_dropout;
    // (gain v - mean) / std = gain (v - mean) / std + (gain - 1) mean / std
    view.scale.push_back(missing ? 0.0f : gain);
    view.offset.push_back(missing ? 0.0f : (gain - 1) * zero);
  }
  return view;
}

void Augmenter::apply(const View& view, const float* image, float* out) const {
  sample(view, image, out);
  if (view.blur) blur(out);
}

void Augmenter::sample(const View& view, const float* image, float* out) const {
  const std::int64_t channels = shape_.channels;
  const float* scale = view.scale.data();
  const float* offset = view.offset.data();
  for (std::int64_t y = 0; y < shape_.height; ++y) {
    for (std::int64_t x = 0; x < shape_.width; ++x, out += channels) {
      const auto r = static_cast<std::size_t>(view.transposed ? x : y);
      const auto c = static_cast<std::size_t>(view.transposed ? y : x);
      const float* upper = image + view.rows.first[r] * shape_.width * channels;
      const float* lower = image + view.rows.second[r] * shape_.width * channels;
      const std::int64_t left = view.columns.first[c] * channels;
      const std::int64_t right = view.columns.second[c] * channels;
      const float down = view.rows.share[r], across = view.columns.share[c];
      const float w00 = (1 - down) * (1 - across), w01 = (1 - down) * across;
      const float w10 = down * (1 - across), w11 = down * across;
      for (std::int64_t b = 0; b < channels; ++b) {
        const float value = w00 * upper[left + b] + w01 * upper[right + b] + w10 * lower[left + b] +
                            w11 * lower[right + b];
        out[b] = value * scale[b] + offset[b];
      }
    }
  }
}

void Augmenter::blur(float* image) const {
  const std::int64_t channels = shape_.channels, row = shape_.width * channels;
  std::vector<float> across(static_cast<std::size_t>(shape_.height * row));
  for (std::int64_t y = 0; y < shape_.height; ++y) {
    for (std::int64_t x = 0; x < shape_.width; ++x) {
      const float* here = image + y * row + x * channels;
      binomial(x > 0 ? here - channels : here, here, x + 1 < shape_.width ? here + channels : here,
               across.data() + y * row + x * channels, channels);
    }
  }
  for (std::int64_t y = 0; y < shape_.height; ++y) {
    const float* here = across.data() + y * row;
    binomial(y > 0 ? here - row : here, here, y + 1 < shape_.height ? here + row : here,
             image + y * row, row);
  }
}

}  // namespace al_mpi
