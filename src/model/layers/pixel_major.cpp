#include "pixel_major.hpp"

#include <array>

#include <ATen/EmptyTensor.h>
#include <ATen/ops/empty.h>

#include <pixel_kernels/layout.hpp>
#include <pixel_kernels/level.hpp>
#include "layers.hpp"

namespace al_mpi {
namespace {

/// Dimensions of a contiguous tensor of four, the outermost first.
using Order = std::array<std::int64_t, 4>;
constexpr Order map_order = {2, 3, 0, 1};     // [b, C, H, W] -> H, W, b, C
constexpr Order weight_order = {2, 3, 1, 0};  // [out, in, k, k] -> k, k, in, out

Order strides_in(const Order& order, at::IntArrayRef sizes) {
  Order strides{};
  std::int64_t stride = 1;
  for (auto d = order.rbegin(); d != order.rend(); ++d) {
    strides[static_cast<std::size_t>(*d)] = stride;
    stride *= sizes[static_cast<std::size_t>(*d)];
  }
  return strides;
}

bool lies_in(const Order& order, const at::Tensor& tensor) {
  const Order strides = strides_in(order, tensor.sizes());
  for (std::size_t d = 0; d < 4; ++d) {
    if (tensor.sizes()[d] > 1 && tensor.strides()[d] != strides[d]) return false;
  }
  return true;
}

/// The dispatcher is passed by, since a training step makes some two hundred tensors.
at::Tensor empty_in(const Order& order, at::IntArrayRef sizes, at::ScalarType type) {
  return at::detail::empty_strided_cpu(sizes, strides_in(order, sizes), type);
}

/// Whether layout_of() tells where its numbers lie.
bool has_layout(const at::Tensor& map) {
  return map.scalar_type() == at::kFloat && map.stride(1) == 1;
}

pixel_kernels::MapLayout layout_of(const at::Tensor& map) {
  return {map.size(2),   map.size(3),   map.size(0),  map.size(1),
          map.stride(2), map.stride(3), map.stride(0)};
}

}  // namespace

bool has_kernels(const at::Tensor& map, at::ScalarType type) {
  return map.is_cpu() && (type == at::kFloat || type == at::kBFloat16) &&
         pixel_kernels::level() != pixel_kernels::Level::off;
}

at::Tensor empty_map(at::IntArrayRef sizes, at::ScalarType type) {
  return empty_in(map_order, sizes, type);
}

at::Tensor pixel_major(const at::Tensor& map, at::ScalarType type, std::int64_t channels) {
  const bool fits = map.scalar_type() == type && channels == map.size(1);
  if (fits && lies_in(map_order, map)) return map;
  const at::Tensor result = empty_map({map.size(0), channels, map.size(2), map.size(3)}, type);
  if (has_layout(map)) {
    with_number(type, [&](auto number) {
      pixel_kernels::to_pixels(layout_of(map), numbers<float>(map), channels,
                               numbers<decltype(number)>(result));
    });
  } else {
    result.zero_().narrow(1, 0, map.size(1)).copy_(map);
  }
  return result;
}

at::Tensor squares_of(const at::Tensor& map) {
  const at::Tensor plain = has_layout(map) ? map : pixel_major(map.to(at::kFloat));
  const at::Tensor squares =
      at::empty({map.size(2) / 2, map.size(3) / 2, map.size(0), 4 * map.size(1)});
  pixel_kernels::to_squares(layout_of(plain), numbers<float>(plain), numbers<float>(squares));
  return squares;
}

at::Tensor empty_weights(at::IntArrayRef sizes) {
  return empty_in(weight_order, sizes, at::kFloat);
}

at::Tensor tap_major(const at::Tensor& weights, std::int64_t in) {
  if (in == weights.size(1) && lies_in(weight_order, weights)) return weights;
  const at::Tensor result = empty_weights({weights.size(0), in, weights.size(2), weights.size(3)});
  result.zero_().narrow(1, 0, weights.size(1)).copy_(weights);
  return result;
}

void prepare(torch::nn::Module& network, c10::Device device) {
  network.to(device);
  for (at::Tensor& weight : network.parameters()) {
    if (weight.dim() != 4) continue;
    weight.set_data(has_kernels(weight) ? tap_major(weight.detach(), weight.size(1))
                                        : weight.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

at::Tensor prepared(const at::Tensor& images) {
  return images.dim() == 4 && has_kernels(images) ? pixel_major(images) : images;
}

}  // namespace al_mpi
