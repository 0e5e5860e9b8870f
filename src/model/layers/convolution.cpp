#include <limits>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/threshold_backward.h>
#include <torch/csrc/autograd/custom_function.h>

#include <pixel_kernels/convolution.hpp>
#include <pixel_kernels/layout.hpp>
#include "layers.hpp"
#include "pixel_major.hpp"
#include "src/model/devices/precision.hpp"

namespace al_mpi {
namespace {

using pixel_kernels::Convolution;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Operands as the kernels take them.
struct Operands {
  Convolution shape;
  at::Tensor x;       ///< input_of()
  at::Tensor weight;  ///< [out, in, k, k] float32, tap-major
};

/// Whether the input comes as squares.
bool is_stem(const Convolution& shape, at::ScalarType type) {
  const auto of_kernels =
      type == at::kBFloat16 ? pixel_kernels::Type::bfloat16 : pixel_kernels::Type::float32;
  return choose(shape, of_kernels) == pixel_kernels::Way::stem;
}

/// Of a map [b, in, H, W] of this type. bfloat16 wants even numbers of channels, but for a stem.
Convolution shape_of(at::IntArrayRef map, at::ScalarType type, const at::Tensor& weights,
                     std::int64_t stride, std::int64_t padding) {
  Convolution shape{map[0], map[1],          weights.size(0), map[2],
                    map[3], weights.size(2), stride,          padding};
  if (type == at::kBFloat16 && !is_stem(shape, type)) shape.in += shape.in % 2;
  return shape;
}

/// The input of a convolution: squares of a stem, else pixel-major.
at::Tensor input_of(const Convolution& shape, const at::Tensor& map, at::ScalarType type) {
  return is_stem(shape, type) ? squares_of(map) : pixel_major(map, type, shape.in);
}

template <class Number>
pixel_kernels::Input<Number> input(const Operands& operands, const at::Tensor& x,
                                   at::ScalarType type) {
  if (is_stem(operands.shape, type)) return {nullptr, numbers<float>(x)};
  return {numbers<Number>(x), nullptr};
}

/// Shares the blocks of `channels` among threads.
template <class F>
void each_channel_block(std::int64_t channels, F f) {
  at::parallel_for(0, pixel_kernels::n_channel_blocks(channels), 1, f);
}

/// [b, out, h, w]
at::Tensor result(const Operands& operands, at::ScalarType type,
                  const ConvolutionEpilogue& epilogue) {
  const Convolution& shape = operands.shape;
  const at::Tensor y =
      empty_map({shape.batch, shape.out, shape.out_height(), shape.out_width()}, type);
  const at::Tensor residual = epilogue.residual.defined()
                                  ? pixel_major(epilogue.residual, type, shape.out)
                                  : epilogue.residual;
  with_number(type, [&](auto number) {
    using Number = decltype(number);
    const pixel_kernels::Epilogue<Number> of_kernel{numbers<float>(epilogue.bias),
                                                    numbers<Number>(residual), epilogue.relu};
    each_channel_block(shape.out, [&](std::int64_t first, std::int64_t last) {
      pixel_kernels::convolution(shape, input<Number>(operands, operands.x, type),
                                 numbers<float>(operands.weight), of_kernel, numbers<Number>(y),
                                 first, last);
    });
  });
  return y;
}

at::Tensor input_gradient(const Operands& operands, const at::Tensor& dy) {
  const Convolution& shape = operands.shape;
  const at::Tensor dx =
      empty_map({shape.batch, shape.in, shape.height, shape.width}, dy.scalar_type());
  with_number(dx.scalar_type(), [&](auto number) {
    using Number = decltype(number);
    each_channel_block(shape.in, [&](std::int64_t first, std::int64_t last) {
      pixel_kernels::convolution_input_gradient(shape, numbers<Number>(dy),
                                                numbers<float>(operands.weight),
                                                numbers<Number>(dx), first, last);
    });
  });
  return dx;
}

/// A map with its images interleaved in pairs, as the gradient of weights takes bfloat16.
at::Tensor interleaved(const at::Tensor& map) {
  const std::int64_t batch = map.size(0), channels = map.size(1);
  const std::int64_t pixels = map.size(2) * map.size(3);
  const at::Tensor pairs =
      empty_map({(batch + 1) / 2, 2 * channels, map.size(2), map.size(3)}, map.scalar_type());
  pixel_kernels::interleave_images(numbers<pixel_kernels::BFloat16>(map), pixels, batch, channels,
                                   numbers<pixel_kernels::BFloat16>(pairs));
  return pairs;
}

at::Tensor weight_gradient(const Operands& operands, const at::Tensor& dy) {
  const Convolution& shape = operands.shape;
  const at::ScalarType type = dy.scalar_type();
  const at::Tensor dw = empty_weights(operands.weight.sizes());
  with_number(type, [&](auto number) {
    using Number = decltype(number);
    const bool pairs = std::is_same_v<Number, pixel_kernels::BFloat16> && !is_stem(shape, type);
    const at::Tensor x = pairs ? interleaved(operands.x) : operands.x;
    const at::Tensor of_y = pairs ? interleaved(dy) : dy;
    each_channel_block(shape.out, [&](std::int64_t first, std::int64_t last) {
      pixel_kernels::convolution_weight_gradient(shape, input<Number>(operands, x, type),
                                                 numbers<Number>(of_y), numbers<float>(dw), first,
                                                 last);
    });
  });
  return dw;
}

/// Leaves out the channel that was added to make their number even.
at::Tensor first_inputs(const at::Tensor& tensor, std::int64_t in) {
  return tensor.size(1) == in ? tensor : tensor.narrow(1, 0, in);
}

// LibTorch's own optional up to 1.13, std::optional since.
using OptionalTensor = torch::autograd::optional_variable_list::value_type;

struct PixelMajorConvolution : torch::autograd::Function<PixelMajorConvolution> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const OptionalTensor& bias, const OptionalTensor& residual, bool relu,
                            std::int64_t stride, std::int64_t padding) {
    const at::ScalarType type = autocast_type(x);
    const Convolution shape = shape_of(x.sizes(), type, weight, stride, padding);
    const Operands operands{shape, input_of(shape, x, type), tap_major(weight.detach(), shape.in)};
    const at::Tensor y = result(
        operands, type, {bias.value_or(at::Tensor()), residual.value_or(at::Tensor()), relu});
    context->save_for_backward({operands.x, weight, relu ? y : at::Tensor()});
    context->saved_data["type"] = static_cast<std::int64_t>(type);
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    context->saved_data["sizes"] = x.sizes();
    context->saved_data["has_residual"] = residual.has_value();
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &y = saved[2];
    const std::vector<std::int64_t> sizes = context->saved_data["sizes"].toIntVector();
    const auto type = static_cast<at::ScalarType>(context->saved_data["type"].toInt());
    const std::int64_t in = sizes[1];
    const Convolution shape = shape_of(sizes, type, weight, context->saved_data["stride"].toInt(),
                                       context->saved_data["padding"].toInt());
    const Operands operands{shape, x, tap_major(weight.detach(), shape.in)};
    at::Tensor dy = pixel_major(gradients[0], type, weight.size(0));
    if (y.defined()) dy = pixel_major(at::threshold_backward(dy, y, 0));
    at::Tensor of_x, of_weight, of_residual;
    if (context->needs_input_grad(0)) of_x = first_inputs(input_gradient(operands, dy), in);
    if (context->needs_input_grad(1)) {
      of_weight = tap_major(first_inputs(weight_gradient(operands, dy), in), in);
    }
    if (context->saved_data["has_residual"].toBool()) of_residual = dy;
    return {of_x, of_weight, {}, of_residual, {}, {}, {}};
  }
};

/// Whether the kernels compute this convolution. In bfloat16 they take outputs in pairs for the
/// gradients.
bool fits_kernels(const at::Tensor& x, const at::Tensor& weight) {
  const at::ScalarType type = autocast_type(x);
  return has_kernels(x, type) && weight.scalar_type() == at::kFloat &&
         (type == at::kFloat || weight.size(0) % 2 == 0);
}

/// A convolution of one pixel, as the matrix product that it is. It is not left to LibTorch's:
/// oneDNN 3.7 computes many wrongly, or crashes (channels_last).
at::Tensor pixel_product(const at::Tensor& x, const at::Tensor& weight, std::int64_t stride,
                         const at::Tensor& bias) {
  const auto end = std::numeric_limits<std::int64_t>::max();
  const at::Tensor pixels =
      x.slice(2, 0, end, stride).slice(3, 0, end, stride).permute({0, 2, 3, 1});
  return at::linear(pixels, weight.flatten(1), bias).permute({0, 3, 1, 2});
}

at::Tensor library_convolution(const at::Tensor& x, const at::Tensor& weight, std::int64_t stride,
                               std::int64_t padding, const at::Tensor& bias) {
  if (weight.size(2) == 1 && padding == 0) return pixel_product(x, weight, stride, bias);
  return at::conv2d(x, weight, bias, {stride, stride}, {padding, padding});
}

OptionalTensor if_defined(const at::Tensor& tensor) {
  return tensor.defined() ? OptionalTensor(tensor) : OptionalTensor();
}

}  // namespace

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, std::int64_t stride,
                       std::int64_t padding, const ConvolutionEpilogue& epilogue) {
  const auto& [bias, residual, relu] = epilogue;
  if (fits_kernels(x, weight)) {
    return PixelMajorConvolution::apply(x, weight, if_defined(bias), if_defined(residual), relu,
                                        stride, padding);
  }
  at::Tensor y = library_convolution(x, weight, stride, padding, bias);
  if (residual.defined()) y = y + residual;
  return relu ? y.relu_() : y;
}

}  // namespace al_mpi
