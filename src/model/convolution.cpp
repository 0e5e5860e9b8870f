#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/mm.h>
#include <torch/csrc/autograd/custom_function.h>

#include <al_mpi/model/convolution.hpp>
#include <al_mpi/model/precision.hpp>

namespace al_mpi {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t most_pixels = 16;  // of an output map whose gradient is a matrix product

/// [b, in, H, W] -> [b h w, k k in]: the patch that each output pixel sees. Channels lie side by
/// side (channels_last), so that it is copied in runs of `in` values.
at::Tensor patches(const at::Tensor& x, std::int64_t kernel, std::int64_t stride,
                   std::int64_t padding) {
  const at::Tensor padded = at::constant_pad_nd(x, {padding, padding, padding, padding})
                                .contiguous(at::MemoryFormat::ChannelsLast);
  const std::int64_t b = padded.size(0), in = padded.size(1);
  const std::int64_t h = (padded.size(2) - kernel) / stride + 1;
  const std::int64_t w = (padded.size(3) - kernel) / stride + 1;
  const std::int64_t row = padded.stride(2), pixel = padded.stride(3);
  return padded
      .as_strided({b, h, w, kernel, kernel, in},
                  {padded.stride(0), stride * row, stride * pixel, row, pixel, 1})
      .reshape({b * h * w, kernel * kernel * in});
}

/// sum over pixels of gradient x patch: [out, in, k, k], channels_last.
at::Tensor weight_gradient(const at::Tensor& gradient, const at::Tensor& x, std::int64_t kernel,
                           std::int64_t stride, std::int64_t padding) {
  const std::int64_t out = gradient.size(1);
  const at::Tensor pixels = gradient.permute({0, 2, 3, 1}).reshape({-1, out});
  return at::mm(pixels.t(), patches(x, kernel, stride, padding))
      .view({out, kernel, kernel, x.size(1)})
      .permute({0, 3, 1, 2});
}

struct SmallMapConvolution : torch::autograd::Function<SmallMapConvolution> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            std::int64_t stride, std::int64_t padding) {
    context->save_for_backward({x, weight});
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    return at::conv2d(x, weight, {}, {stride, stride}, {padding, padding});
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1];
    const std::int64_t stride = context->saved_data["stride"].toInt();
    const std::int64_t padding = context->saved_data["padding"].toInt();
    at::Tensor x_gradient, w_gradient;
    if (context->needs_input_grad(0)) {
      x_gradient = std::get<0>(at::convolution_backward(
          gradients[0], x, weight, /*bias_sizes=*/{}, {stride, stride}, {padding, padding}, {1, 1},
          /*transposed=*/false, {0, 0}, /*groups=*/1, {true, false, false}));
    }
    if (context->needs_input_grad(1)) {
      w_gradient = weight_gradient(gradients[0], x, weight.size(2), stride, padding);
    }
    return {x_gradient, w_gradient, {}, {}};
  }
};

bool is_small(const at::Tensor& x, std::int64_t kernel, std::int64_t stride, std::int64_t padding) {
  const auto out = [&](std::int64_t size) { return (size + 2 * padding - kernel) / stride + 1; };
  return out(x.size(2)) * out(x.size(3)) <= most_pixels;
}

}  // namespace

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, std::int64_t stride,
                       std::int64_t padding) {
  const std::int64_t kernel = weight.size(2);
  if (!x.is_cpu() || kernel == 1 || !is_small(x, kernel, stride, padding)) {
    return at::conv2d(x, weight, {}, {stride, stride}, {padding, padding});
  }
  return SmallMapConvolution::apply(autocast_on_cpu(x), autocast_on_cpu(weight), stride, padding);
}

}  // namespace al_mpi
