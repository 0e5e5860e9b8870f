#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

namespace al_mpi::bench {

/// Uniform in [-1, 1), a pure function of (stream, i): splitmix64. python_kernels.py has the same,
/// so that both languages work on the same numbers.
inline float noise(std::uint64_t stream, std::uint64_t i) {
  std::uint64_t z = (stream << 40) + (i + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  z ^= z >> 31;
  return static_cast<float>(z >> 40) * 0x1p-23f - 1.0f;
}

/// Embedding-like points [n, d] float32: 40 cluster centres and as much noise around them.
inline at::Tensor clustered_points(std::int64_t n, std::int64_t d) {
  constexpr std::int64_t n_clusters = 40;
  at::Tensor points = at::empty({n, d}, at::kFloat);
  float* out = points.data_ptr<float>();
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < d; ++j) {
      const auto center = static_cast<std::uint64_t>(i % n_clusters * d + j);
      *out++ = noise(1, center) + noise(2, static_cast<std::uint64_t>(i * d + j));
    }
  }
  return points;
}

}  // namespace al_mpi::bench
