#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <al_mpi/kernels/number.hpp>

namespace al_mpi {

// Maps on their way to and from the kernels. A *pixel-major* map has the usual sizes, [b, C, H, W],
// and the memory of a contiguous [H, W, b, C]; LibTorch's operations take it like any other.

/// Whether the kernels compute with these numbers here: float32 or bfloat16 on a CPU that has the
/// instructions.
bool has_kernels(const at::Tensor& map, at::ScalarType type);
inline bool has_kernels(const at::Tensor& map) {
  return has_kernels(map, map.scalar_type());
}

/// A contiguous [H, W, b, channels] of a type, without a copy where the map is that already.
/// Channels that the map lacks are zero.
at::Tensor pixels_of(const at::Tensor& map, at::ScalarType type, std::int64_t channels);
inline at::Tensor pixels_of(const at::Tensor& map) {
  return pixels_of(map, map.scalar_type(), map.size(1));
}

/// The map of pixels [H, W, b, C].
inline at::Tensor map_of(const at::Tensor& pixels) {
  return pixels.permute({2, 3, 0, 1});
}

/// Puts the weights of a module's convolutions, [out, in, k, k], in the memory order that
/// convolution() reads without a copy, contiguous [k, k, in, out]; channels_last where there are no
/// kernels.
void arrange_weights(const torch::nn::Module& module);

/// Numbers of a tensor as the kernels name them.
template <class Number>
Number* numbers(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<Number*>(tensor.data_ptr()) : nullptr;
}

/// Calls f(Number{}) with the kernels' type for a tensor's.
template <class F>
auto with_number(at::ScalarType type, F f) {
  return type == at::kBFloat16 ? f(BFloat16{}) : f(float{});
}

}  // namespace al_mpi
