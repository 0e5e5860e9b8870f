#include "pixel_reduce.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>

namespace al_mpi {
namespace {

using Values = std::vector<double>;

/// One image: scores and predicted classes of its pixels, row by row; classes is null if not
/// needed.
struct PixelMap {
  const double* scores;
  const std::int64_t* classes;
  std::int64_t height;
  std::int64_t width;
  std::int64_t size() const { return height * width; }
};

Values finite_values(const PixelMap& map) {
  Values values;
  values.reserve(static_cast<std::size_t>(map.size()));
  std::copy_if(map.scores, map.scores + map.size(), std::back_inserter(values),
               [](double value) { return std::isfinite(value); });
  return values;
}

double sum(const Values& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}
double mean(const Values& values) {
  return sum(values) / static_cast<double>(values.size());
}

/// Linearly interpolated quantile; reorders `values`.
double quantile(Values& values, double q) {
  const double position = q * static_cast<double>(values.size() - 1);
  const auto below = values.begin() + static_cast<std::ptrdiff_t>(position);
  std::nth_element(values.begin(), below, values.end());
  if (below + 1 == values.end()) return *below;
  const double above = *std::min_element(below + 1, values.end());
  return *below + (position - std::floor(position)) * (above - *below);
}

Values trimmed(Values values) {
  const double low = quantile(values, 0.05);
  const double high = quantile(values, 0.95);
  const auto outside = [&](double value) { return value < low || value > high; };
  values.erase(std::remove_if(values.begin(), values.end(), outside), values.end());
  return values;
}

double trimmed_mean_plus_std(const PixelMap& map) {
  const Values kept = trimmed(finite_values(map));
  const double center = mean(kept);
  double squares = 0.0;
  for (const double value : kept) squares += (value - center) * (value - center);
  return center + std::sqrt(squares / static_cast<double>(kept.size()));
}

double top_share(const PixelMap& map) {
  Values values = finite_values(map);
  const std::size_t n = std::max<std::size_t>(1, values.size() / 10);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(n - 1),
                   values.end(), std::greater<>());
  values.resize(n);
  return mean(values);
}

/// Mean of each group of pixels; groups without a finite one are left out.
Values group_means(const PixelMap& map, const std::function<std::int64_t(std::int64_t)>& group_of) {
  std::map<std::int64_t, std::pair<double, std::int64_t>> groups;
  for (std::int64_t i = 0; i < map.size(); ++i) {
    if (!std::isfinite(map.scores[i])) continue;
    auto& [total, count] = groups[group_of(i)];
    total += map.scores[i];
    ++count;
  }
  Values means;
  for (const auto& [group, total] : groups) {
    means.push_back(total.first / static_cast<double>(total.second));
  }
  return means;
}

double grid_mean(const PixelMap& map) {
  constexpr std::int64_t cells = 16;
  const std::int64_t rows = std::min(cells, map.height);
  const std::int64_t columns = std::min(cells, map.width);
  const Values means = group_means(map, [&](std::int64_t i) {
    return i / map.width * rows / map.height * columns + i % map.width * columns / map.width;
  });
  return *std::max_element(means.begin(), means.end());
}

double class_balanced(const PixelMap& map) {
  check(map.classes != nullptr, "class_balanced without predicted classes");
  return mean(group_means(map, [&](std::int64_t i) { return map.classes[i]; }));
}

double largest(const PixelMap& map) {
  const Values values = finite_values(map);
  return *std::max_element(values.begin(), values.end());
}

using Reduction = std::function<double(const PixelMap&)>;

const std::map<PixelReduction, Reduction> reductions = {
    {PixelReduction::trimmed_mean_minus_std, trimmed_mean_plus_std},
    {PixelReduction::mean, [](const PixelMap& map) { return mean(finite_values(map)); }},
    {PixelReduction::sum, [](const PixelMap& map) { return sum(finite_values(map)); }},
    {PixelReduction::max, largest},
    {PixelReduction::trimmed_mean,
     [](const PixelMap& map) { return mean(trimmed(finite_values(map))); }},
    {PixelReduction::top_share, top_share},
    {PixelReduction::grid_mean, grid_mean},
    {PixelReduction::class_balanced, class_balanced},
};

}  // namespace

at::Tensor pixel_reduce(const at::Tensor& scores, const at::Tensor& predicted, PixelReduction how) {
  if (!scores.is_cpu()) return pixel_reduce_in_bulk(scores, predicted, how);
  const Reduction& reduce = reductions.at(how);
  const at::Tensor maps = scores.to(at::kDouble).contiguous();
  const at::Tensor classes = predicted.defined() ? predicted.contiguous() : predicted;
  at::Tensor result = at::empty({maps.size(0)}, maps.options());
  for (std::int64_t i = 0; i < maps.size(0); ++i) {
    PixelMap map{maps.data_ptr<double>(), nullptr, maps.size(1), maps.size(2)};
    map.scores += i * map.size();
    if (classes.defined()) map.classes = classes.data_ptr<std::int64_t>() + i * map.size();
    const bool any = std::any_of(map.scores, map.scores + map.size(),
                                 [](double value) { return std::isfinite(value); });
    result.data_ptr<double>()[i] = any ? reduce(map) : std::numeric_limits<double>::quiet_NaN();
  }
  return result;
}

}  // namespace al_mpi
