#include <array>

#include <ATen/ops/max_pool2d.h>
#include <torch/csrc/autograd/custom_function.h>

#include <pixel_kernels/pooling.hpp>
#include "layers.hpp"
#include "pixel_major.hpp"

namespace al_mpi {
namespace {

using pixel_kernels::MaxPool;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct PixelMajorMaxPool : torch::autograd::Function<PixelMajorMaxPool> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x) {
    const at::Tensor from_map = pixel_major(x);
    const MaxPool shape{x.size(2), x.size(3), x.size(0) * x.size(1)};
    const std::array<std::int64_t, 4> sizes = {x.size(0), x.size(1), shape.out_height(),
                                               shape.out_width()};
    const at::Tensor y = empty_map(sizes, x.scalar_type()), from = empty_map(sizes, at::kByte);
    with_number(y.scalar_type(), [&](auto number) {
      using Number = decltype(number);
      pixel_kernels::max_pool(shape, numbers<Number>(from_map), numbers<Number>(y),
                              numbers<std::uint8_t>(from));
    });
    context->save_for_backward({from});
    context->saved_data["height"] = shape.height;
    context->saved_data["width"] = shape.width;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor from = context->get_saved_variables()[0];
    const at::Tensor dy = pixel_major(gradients[0]);
    const std::int64_t batch = dy.size(0), channels = dy.size(1);
    const MaxPool shape{context->saved_data["height"].toInt(), context->saved_data["width"].toInt(),
                        batch * channels};
    const at::Tensor dx = empty_map({batch, channels, shape.height, shape.width}, dy.scalar_type());
    with_number(dx.scalar_type(), [&](auto number) {
      using Number = decltype(number);
      pixel_kernels::max_pool_gradient(shape, numbers<Number>(dy), numbers<std::uint8_t>(from),
                                       numbers<Number>(dx));
    });
    return {dx};
  }
};

}  // namespace

at::Tensor max_pool(const at::Tensor& x) {
  return has_kernels(x) ? PixelMajorMaxPool::apply(x) : at::max_pool2d(x, {3, 3}, {2, 2}, {1, 1});
}

}  // namespace al_mpi
