#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include <al_mpi/kernels/number.hpp>

namespace al_mpi {

/// Rounds to nearest even, as the processor does.
inline BFloat16 to_bfloat16(float x) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  if (std::isnan(x)) return {0x7FC0};
  return {static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)};
}
inline float to_float(BFloat16 x) {
  const std::uint32_t bits = std::uint32_t{x.bits} << 16;
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
inline float to_float(float x) {
  return x;
}

template <class Number>
Number number(float x);
template <>
inline float number<float>(float x) {
  return x;
}
template <>
inline BFloat16 number<BFloat16>(float x) {
  return to_bfloat16(x);
}

/// n numbers between -1 and 1, a sequence for every seed (splitmix64).
template <class Number>
std::vector<Number> noise(std::int64_t n, std::uint64_t seed) {
  std::vector<Number> values;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(n); ++i) {
    std::uint64_t z = (seed << 32) + i * 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    values.push_back(number<Number>(static_cast<float>(z >> 40) / 8388608.0F - 1.0F));
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

}  // namespace al_mpi

/// Ends a test case where the processor lacks the instructions.
#define AL_NEEDS_KERNELS()                             \
  if (!processor_runs_kernels()) {                     \
    WARN("this processor does not run these kernels"); \
    return;                                            \
  }
