#include <al_mpi/stats/sample.hpp>

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/students_t.hpp>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

struct Moments {
  std::size_t n = 0;
  double mean = missing;
  double squares = 0.0;  // sum of squared deviations from the mean
};

Moments moments(const std::vector<double>& values) {
  Moments result;
  double sum = 0.0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++result.n;
  }
  if (result.n == 0) return result;
  result.mean = sum / static_cast<double>(result.n);
  for (const double value : values) {
    if (!std::isnan(value)) result.squares += (value - result.mean) * (value - result.mean);
  }
  return result;
}

}  // namespace

Sample describe(const std::vector<double>& values) {
  const Moments m = moments(values);
  return {m.n, m.mean, m.n < 2 ? missing : std::sqrt(m.squares / static_cast<double>(m.n - 1))};
}

bool is_rounding(double deviation, double size) {
  return deviation <= 2e-7 * std::abs(size);
}

double half_width(const Sample& sample, double confidence) {
  if (sample.n < 2) return missing;
  const auto n = static_cast<double>(sample.n);
  const boost::math::students_t t(n - 1.0);
  return boost::math::quantile(t, 0.5 + 0.5 * confidence) * sample.std / std::sqrt(n);
}

double population_std(const std::vector<double>& values) {
  const Moments m = moments(values);
  return m.n == 0 ? missing : std::sqrt(m.squares / static_cast<double>(m.n));
}

double median(std::vector<double> values) {
  values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }),
               values.end());
  if (values.empty()) return missing;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return 0.5 * (*std::max_element(values.begin(), middle) + *middle);
}

std::vector<double> differences(const std::vector<double>& a, const std::vector<double>& b) {
  check(a.size() == b.size(), "pairs of {} and {} values", a.size(), b.size());
  std::vector<double> result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double rounding = 1e-12 * std::max(std::abs(a[i]), std::abs(b[i]));
    const double difference = a[i] - b[i];
    result[i] = std::abs(difference) <= rounding ? 0.0 : difference;
  }
  return result;
}

Sample describe_differences(const std::vector<double>& a, const std::vector<double>& b) {
  const std::vector<double> d = differences(a, b);
  Sample sample = describe(d);
  double size = 0.0;
  for (std::size_t i = 0; i < d.size(); ++i) {
    if (!std::isnan(d[i])) size = std::max({size, std::abs(a[i]), std::abs(b[i])});
  }
  if (is_rounding(sample.std, size)) sample.std = 0.0;
  return sample;
}

}  // namespace al_mpi
