#include <al_mpi/stats/curve.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <al_mpi/base/error.hpp>
#include <al_mpi/stats/sample.hpp>

namespace al_mpi {
namespace {

struct Point {
  double label, value;
};

std::vector<Point> points_of(const std::vector<double>& labels, const std::vector<double>& values,
                             bool only_known = false) {
  check(labels.size() == values.size(), "a curve of {} labels and {} values", labels.size(),
        values.size());
  std::vector<Point> points;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!only_known || !std::isnan(values[i])) points.push_back({labels[i], values[i]});
  }
  return points;
}

double height(const Point& a, const Point& b, double label) {
  return a.value + (b.value - a.value) * (label - a.label) / (b.label - a.label);
}

}  // namespace

double normalized_area(const std::vector<double>& labels, const std::vector<double>& values) {
  if (labels.empty()) return missing;
  return normalized_area(labels, values, labels.front(), labels.back());
}

double normalized_area(const std::vector<double>& labels, const std::vector<double>& values,
                       double from, double to) {
  const std::vector<Point> points = points_of(labels, values);
  if (points.empty() ||
      !(points.front().label <= from && from <= to && to <= points.back().label)) {
    return missing;
  }
  if (points.size() == 1) return points.front().value;
  double area = 0.0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const Point &a = points[i - 1], &b = points[i];
    const double left = std::max(a.label, from), right = std::min(b.label, to);
    if (from == to && left == right) return height(a, b, left);
    if (left < right) area += 0.5 * (height(a, b, left) + height(a, b, right)) * (right - left);
  }
  return area / (to - from);
}

double labels_to_reach(const std::vector<double>& labels, const std::vector<double>& values,
                       double target) {
  Point before{missing, missing};  // the round before, with the best value so far
  for (const Point& point : points_of(labels, values)) {
    if (std::isnan(point.value)) return missing;
    if (point.value >= target) {
      return std::isnan(before.label)
                 ? point.label
                 : before.label + (point.label - before.label) * (target - before.value) /
                                      (point.value - before.value);
    }
    before = {point.label, std::fmax(before.value, point.value)};
  }
  return missing;
}

double labels_to_reach_or_more(const std::vector<double>& labels, const std::vector<double>& values,
                               double target) {
  const double reached = labels_to_reach(labels, values, target);
  const bool gaps =
      std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); });
  if (!std::isnan(reached) || values.empty() || gaps || std::isnan(target)) return reached;
  return std::numeric_limits<double>::infinity();
}

double ramp_up_end(const std::vector<double>& labels, const std::vector<double>& values,
                   double share) {
  std::vector<double> known_labels, known;
  for (const Point& point : points_of(labels, values, true)) {
    known_labels.push_back(point.label);
    known.push_back(point.value);
  }
  if (known.empty()) return missing;
  const double highest = *std::max_element(known.begin(), known.end());
  return labels_to_reach(known_labels, known, known.front() + share * (highest - known.front()));
}

Drops drops(const std::vector<double>& values) {
  Drops result;
  double before = missing;
  for (const double value : values) {
    const double fall = before - value;  // NaN beside a missing one: not a fall
    if (fall > 0.0) {
      ++result.count;
      result.largest = std::max(result.largest, fall);
      result.total += fall;
    }
    before = value;
  }
  return result;
}

}  // namespace al_mpi
