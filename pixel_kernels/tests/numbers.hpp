#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "src/portable/number.hpp"

namespace pixel_kernels {

using portable::rounded;
using portable::to_float;

/// n numbers between -1 and 1, a sequence for every seed (splitmix64).
template <class Number>
std::vector<Number> noise(std::int64_t n, std::uint64_t seed) {
  std::vector<Number> values;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(n); ++i) {
    std::uint64_t z = (seed << 32) + i * 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    values.push_back(rounded<Number>(static_cast<float>(z >> 40) / 8388608.0F - 1.0F));
  }
  return values;
}

template <class Number>
std::vector<double> doubles(const std::vector<Number>& values) {
  std::vector<double> result;
  for (const Number& value : values) result.push_back(static_cast<double>(to_float(value)));
  return result;
}

/// The greatest difference, relative to the greatest value of `truth`.
template <class Number>
double distance(const std::vector<Number>& values, const std::vector<double>& truth) {
  double difference = 0, greatest = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double off = std::abs(static_cast<double>(to_float(values[i])) - truth[i]);
    if (!(off <= difference)) difference = off;  // a NaN, too
    greatest = std::max(greatest, std::abs(truth[i]));
  }
  return difference / greatest;
}

}  // namespace pixel_kernels
