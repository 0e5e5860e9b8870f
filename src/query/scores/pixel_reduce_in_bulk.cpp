#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/where.h>

#include "pixel_reduce.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Pixels of images; n of an image's are finite. Sums over none are 0.
struct Pixels {
  at::Tensor values;  ///< [b, P] float64, 0 where they are not finite
  at::Tensor finite;  ///< [b, P] bool
  at::Tensor n;       ///< [b, 1] int64
  at::Tensor predicted;
  std::int64_t height, width;
};

at::Tensor numbers(std::int64_t n, const at::Tensor& like) {
  return at::arange(n, like.options().dtype(at::kLong));
}

at::Tensor mean_of(const at::Tensor& values, const at::Tensor& kept) {
  return values.masked_fill(kept.logical_not(), 0.0).sum(1) / kept.sum(1);
}

/// Finite values, ascending; then infinity.
at::Tensor sorted(const Pixels& pixels) {
  return std::get<0>(
      pixels.values.masked_fill(pixels.finite.logical_not(), infinity).sort(/*dim=*/1));
}

/// Linearly interpolated quantile of each image, [b, 1].
at::Tensor quantile(const Pixels& pixels, const at::Tensor& ascending, double q) {
  const at::Tensor last = (pixels.n - 1).clamp_min(0), position = last.to(at::kDouble) * q;
  const at::Tensor below = position.floor().to(at::kLong);
  const at::Tensor low = ascending.gather(1, below);
  const at::Tensor high = ascending.gather(1, (below + 1).minimum(last));
  return low + (position - position.floor()) * (high - low);
}

at::Tensor trimmed(const Pixels& pixels) {
  const at::Tensor ascending = sorted(pixels);
  return pixels.finite.logical_and(pixels.values.ge(quantile(pixels, ascending, 0.05)))
      .logical_and(pixels.values.le(quantile(pixels, ascending, 0.95)));
}

at::Tensor trimmed_mean(const Pixels& pixels) {
  return mean_of(pixels.values, trimmed(pixels));
}

at::Tensor trimmed_mean_plus_std(const Pixels& pixels) {
  const at::Tensor kept = trimmed(pixels), center = mean_of(pixels.values, kept);
  const at::Tensor squares = (pixels.values - center.unsqueeze(1)).square();
  return center + mean_of(squares, kept).sqrt();
}

at::Tensor top_share(const Pixels& pixels) {
  const at::Tensor place = numbers(pixels.values.size(1), pixels.values).unsqueeze(0);
  const at::Tensor least = (pixels.n.div(10, "floor")).clamp_min(1);
  const at::Tensor top = place.lt(pixels.n).logical_and(place.ge(pixels.n - least));
  return mean_of(sorted(pixels), top);
}

/// Sums of each group of an image's pixels, and how many are finite, [b, G] both; `in_group` [1 or
/// b, P, G] float64 of zeros and ones.
struct Groups {
  at::Tensor sums, counts;
  Groups(const Pixels& pixels, const at::Tensor& in_group)
      : sums(pixels.values.unsqueeze(1).matmul(in_group).squeeze(1)),
        counts(pixels.finite.to(at::kDouble).unsqueeze(1).matmul(in_group).squeeze(1)) {}
  at::Tensor means() const { return sums / counts; }  ///< NaN where there is none
};

at::Tensor memberships(const at::Tensor& group, std::int64_t n) {
  return group.unsqueeze(-1).eq(numbers(n, group)).to(at::kDouble);
}

at::Tensor grid_mean(const Pixels& pixels) {
  const std::int64_t rows = std::min<std::int64_t>(16, pixels.height);
  const std::int64_t columns = std::min<std::int64_t>(16, pixels.width);
  const at::Tensor i = numbers(pixels.height * pixels.width, pixels.values);
  const at::Tensor row = i.div(pixels.width, "floor"), column = i.remainder(pixels.width);
  const at::Tensor cell = (row * rows).div(pixels.height, "floor") * columns +
                          (column * columns).div(pixels.width, "floor");
  const at::Tensor means = Groups(pixels, memberships(cell, rows * columns).unsqueeze(0)).means();
  return means.nan_to_num(-infinity).amax(1);
}

at::Tensor class_balanced(const Pixels& pixels) {
  check(pixels.predicted.defined(), "class_balanced without predicted classes");
  const at::Tensor classes = pixels.predicted.flatten(1);
  const std::int64_t n_classes = classes.max().item<std::int64_t>() + 1;
  const Groups groups(pixels, memberships(classes, n_classes));
  return mean_of(groups.means(), groups.counts.gt(0));
}

at::Tensor largest(const Pixels& pixels) {
  return pixels.values.masked_fill(pixels.finite.logical_not(), -infinity).amax(1);
}

const std::map<PixelReduction, std::function<at::Tensor(const Pixels&)>> reductions = {
    {PixelReduction::trimmed_mean_minus_std, trimmed_mean_plus_std},
    {PixelReduction::mean,
     [](const Pixels& pixels) { return mean_of(pixels.values, pixels.finite); }},
    {PixelReduction::sum, [](const Pixels& pixels) { return pixels.values.sum(1); }},
    {PixelReduction::max, largest},
    {PixelReduction::trimmed_mean, trimmed_mean},
    {PixelReduction::top_share, top_share},
    {PixelReduction::grid_mean, grid_mean},
    {PixelReduction::class_balanced, class_balanced},
};

}  // namespace

at::Tensor pixel_reduce_in_bulk(const at::Tensor& scores, const at::Tensor& predicted,
                                PixelReduction how) {
  const at::Tensor all = scores.to(at::kDouble).flatten(1), finite = all.isfinite();
  const Pixels pixels{all.masked_fill(finite.logical_not(), 0.0),
                      finite,
                      finite.sum(1, true),
                      predicted,
                      scores.size(1),
                      scores.size(2)};
  return reductions.at(how)(pixels).masked_fill(pixels.n.squeeze(1).eq(0), nan);
}

}  // namespace al_mpi
