#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include <pixel_kernels/shape.hpp>

namespace al_mpi {

// Maps on their way to and from the kernels. A *pixel-major* map has the usual sizes, [b, C, H, W],
// and the memory of a contiguous [H, W, b, C]; LibTorch's operations take it like any other.

/// Whether the kernels compute with these numbers here: float32 or bfloat16 on the CPU, unless
/// their level is off.
bool has_kernels(const at::Tensor& map, at::ScalarType type);
inline bool has_kernels(const at::Tensor& map) {
  return has_kernels(map, map.scalar_type());
}

/// A new, uninitialised pixel-major map [b, C, H, W].
at::Tensor empty_map(at::IntArrayRef sizes, at::ScalarType type);

/// A map as pixel-major numbers of a type; the map itself where it is that already. Channels that
/// the map lacks are zero.
at::Tensor pixel_major(const at::Tensor& map, at::ScalarType type, std::int64_t channels);
inline at::Tensor pixel_major(const at::Tensor& map) {
  return pixel_major(map, map.scalar_type(), map.size(1));
}

/// A map of even sides as the squares of a stem (Way::stem): contiguous float32 [H / 2, W /
/// 2, b, 4 * C].
at::Tensor squares_of(const at::Tensor& map);

/// New, uninitialised weights of a convolution, [out, in, k, k], in the memory order of the
/// kernels: contiguous [k, k, in, out].
at::Tensor empty_weights(at::IntArrayRef sizes);

/// Weights in that order; the same tensor where they are in it already. Inputs that they lack are
/// zero.
at::Tensor tap_major(const at::Tensor& weights, std::int64_t in);

/// The numbers of a tensor, of the kernels' type.
template <class Number>
Number* numbers(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<Number*>(tensor.data_ptr()) : nullptr;
}

/// Calls f(Number{}) with the kernels' type for a tensor's.
template <class F>
auto with_number(at::ScalarType type, F f) {
  return type == at::kBFloat16 ? f(pixel_kernels::BFloat16{}) : f(float{});
}

}  // namespace al_mpi
