#include <ATen/ops/empty.h>

#include <al_mpi/kernels/pixels.hpp>
#include <al_mpi/model/pixel_major.hpp>

namespace al_mpi {

bool has_kernels(const at::Tensor& map, at::ScalarType type) {
  return map.is_cpu() && ((type == at::kFloat && has_float_kernels()) ||
                          (type == at::kBFloat16 && has_bfloat16_kernels()));
}

at::Tensor pixels_of(const at::Tensor& map, at::ScalarType type, std::int64_t channels) {
  const at::Tensor pixels = map.permute({2, 3, 0, 1});
  const bool fits = map.scalar_type() == type && channels == map.size(1);
  if (fits && pixels.is_contiguous()) return pixels;
  const at::Tensor result =
      at::empty({map.size(2), map.size(3), map.size(0), channels}, map.options().dtype(type));
  if (map.scalar_type() == at::kFloat && map.stride(1) == 1) {
    const MapLayout layout{map.size(2),   map.size(3),   map.size(0),  map.size(1),
                           map.stride(2), map.stride(3), map.stride(0)};
    with_number(type, [&](auto number) {
      to_pixels(layout, numbers<float>(map), channels, numbers<decltype(number)>(result));
    });
  } else {
    result.zero_().narrow(3, 0, map.size(1)).copy_(pixels);
  }
  return result;
}

void arrange_weights(const torch::nn::Module& module) {
  for (at::Tensor& weight : module.parameters()) {
    if (weight.dim() != 4) continue;
    weight.set_data(has_kernels(weight)
                        ? weight.permute({2, 3, 1, 0}).contiguous().permute({3, 2, 0, 1})
                        : weight.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

}  // namespace al_mpi
