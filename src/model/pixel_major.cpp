#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <al_mpi/model/pixel_major.hpp>

namespace al_mpi {

bool has_kernels(const at::Tensor& map, at::ScalarType type) {
  return map.is_cpu() && ((type == at::kFloat && has_float_kernels()) ||
                          (type == at::kBFloat16 && has_bfloat16_kernels()));
}

at::Tensor pixels_of(const at::Tensor& map, at::ScalarType type, std::int64_t channels) {
  const at::Tensor pixels = map.permute({2, 3, 0, 1});
  if (channels == map.size(1)) return pixels.to(type).contiguous();
  const at::Tensor padded =
      at::zeros({map.size(2), map.size(3), map.size(0), channels}, map.options().dtype(type));
  padded.narrow(3, 0, map.size(1)).copy_(pixels);
  return padded;
}

void arrange_weights(const torch::nn::Module& module) {
  for (at::Tensor& weight : module.parameters()) {
    if (weight.dim() != 4) continue;
    weight.set_data(has_kernels(weight) ? weight.permute({2, 3, 1, 0}).contiguous().permute({3, 2, 0, 1})
                                        : weight.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

}  // namespace al_mpi
