#include <ATen/ops/empty.h>
#include <ATen/ops/max_pool2d.h>
#include <torch/csrc/autograd/custom_function.h>

#include <al_mpi/kernels/max_pool.hpp>
#include <al_mpi/model/max_pool.hpp>
#include <al_mpi/model/pixel_major.hpp>

namespace al_mpi {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct PixelMajorMaxPool : torch::autograd::Function<PixelMajorMaxPool> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x) {
    const at::Tensor pixels = pixels_of(x);
    const MaxPool shape{x.size(2), x.size(3), x.size(0) * x.size(1)};
    const at::Tensor y =
        at::empty({shape.out_height(), shape.out_width(), x.size(0), x.size(1)}, pixels.options());
    const at::Tensor from = at::empty(y.sizes(), y.options().dtype(at::kByte));
    with_number(y.scalar_type(), [&](auto number) {
      using Number = decltype(number);
      max_pool(shape, numbers<Number>(pixels), numbers<Number>(y), numbers<std::uint8_t>(from));
    });
    context->save_for_backward({from});
    context->saved_data["height"] = shape.height;
    context->saved_data["width"] = shape.width;
    return map_of(y);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor from = context->get_saved_variables()[0];
    const at::Tensor dy = pixels_of(gradients[0]);
    const std::int64_t batch = dy.size(2), channels = dy.size(3);
    const MaxPool shape{context->saved_data["height"].toInt(), context->saved_data["width"].toInt(),
                        batch * channels};
    const at::Tensor dx = at::empty({shape.height, shape.width, batch, channels}, dy.options());
    with_number(dx.scalar_type(), [&](auto number) {
      using Number = decltype(number);
      max_pool_gradient(shape, numbers<Number>(dy), numbers<std::uint8_t>(from),
                        numbers<Number>(dx));
    });
    return {map_of(dx)};
  }
};

}  // namespace

at::Tensor max_pool(const at::Tensor& x) {
  return has_kernels(x) ? PixelMajorMaxPool::apply(x) : at::max_pool2d(x, {3, 3}, {2, 2}, {1, 1});
}

}  // namespace al_mpi
