#include <algorithm>

#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <al_mpi/model/convolution.hpp>
#include <al_mpi/model/precision.hpp>

namespace al_mpi {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t most_pixels = 16;     // of an output map whose kernel gradient is by taps
constexpr std::int64_t most_pixels_all = 4;  // and of one where everything is
constexpr std::int64_t most_summed_in_bf16 = 4096;  // operations of an at::mm without oneDNN

struct Steps {
  std::int64_t kernel, stride, padding;

  std::int64_t output(std::int64_t input) const {
    return (input + 2 * padding - kernel) / stride + 1;
  }
  std::int64_t pixels(const at::Tensor& x) const { return output(x.size(2)) * output(x.size(3)); }
};

/// Along one axis: the n output positions from `out` on whose tap falls into the input, at `in`.
struct Span {
  std::int64_t in, out, n;
};

Span span(std::int64_t size, std::int64_t tap, const Steps& steps) {
  const std::int64_t shift = tap - steps.padding;  // input = output * stride + shift
  const std::int64_t out = shift < 0 ? (-shift + steps.stride - 1) / steps.stride : 0;
  const std::int64_t past = size > shift ? (size - 1 - shift) / steps.stride + 1 : 0;
  return {out * steps.stride + shift, out, std::min(past, steps.output(size)) - out};
}

at::Tensor pixels_last(const at::Tensor& map) {
  return map.permute({0, 2, 3, 1});
}
at::Tensor channels_second(const at::Tensor& map) {
  return map.permute({0, 3, 1, 2});
}
at::Tensor rows(const at::Tensor& part) {
  return part.reshape({-1, part.size(3)});
}

/// [out, in, k, k] -> [out, k k in], a view where the weights are channels_last.
at::Tensor by_taps(const at::Tensor& weight) {
  return pixels_last(weight).reshape({weight.size(0), -1});
}

/// Calls f(tap's columns in by_taps(), part of input, part of output) for each tap of the kernel
/// that meets any pixel; input and output are [b, h, w, channels]. At 2 x 2 pixels, 16 of the 36
/// pairs of tap and output pixel do; the others would multiply padding.
template <class F>
void each_tap(const at::Tensor& weights, const at::Tensor& input, const at::Tensor& output,
              const Steps& steps, F f) {
  const std::int64_t in = input.size(3);
  const auto cut = [&](const at::Tensor& map, std::int64_t row, std::int64_t column, std::int64_t h,
                       std::int64_t w, std::int64_t step) {
    return map.slice(1, row, row + (h - 1) * step + 1, step)
        .slice(2, column, column + (w - 1) * step + 1, step);
  };
  for (std::int64_t i = 0; i < steps.kernel; ++i) {
    const Span y = span(input.size(1), i, steps);
    for (std::int64_t j = 0; j < steps.kernel; ++j) {
      const Span x = span(input.size(2), j, steps);
      if (y.n <= 0 || x.n <= 0) continue;
      f(weights.narrow(1, (i * steps.kernel + j) * in, in),
        cut(input, y.in, x.in, y.n, x.n, steps.stride), cut(output, y.out, x.out, y.n, x.n, 1));
    }
  }
}

/// Sums over taps are at least float32, whatever the type of their terms.
at::ScalarType sum_type(const at::Tensor& x) {
  return c10::promoteTypes(x.scalar_type(), at::kFloat);
}

at::Tensor forward_by_taps(const at::Tensor& x, const at::Tensor& weight, const Steps& steps) {
  const at::Tensor y =
      at::zeros({x.size(0), steps.output(x.size(2)), steps.output(x.size(3)), weight.size(0)},
                x.options().dtype(sum_type(x)));
  each_tap(by_taps(weight), pixels_last(x), y, steps,
           [](const at::Tensor& w, const at::Tensor& in, const at::Tensor& out) {
             out.add_(at::mm(rows(in), w.t()).view(out.sizes()));
           });
  return channels_second(y.to(x.scalar_type()));
}

at::Tensor input_gradient(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight,
                          const Steps& steps) {
  const at::Tensor sum = at::zeros(pixels_last(x).sizes(), x.options().dtype(sum_type(x)));
  each_tap(by_taps(weight), sum, pixels_last(gradient), steps,
           [](const at::Tensor& w, const at::Tensor& in, const at::Tensor& out) {
             in.add_(at::mm(rows(out), w).view(in.sizes()));
           });
  return channels_second(sum.to(x.scalar_type()));
}

/// [out, in, k, k], channels_last.
at::Tensor weight_gradient(const at::Tensor& gradient, const at::Tensor& x,
                           const at::Tensor& weight, const Steps& steps) {
  const std::int64_t n_out = weight.size(0), k = steps.kernel;
  const at::Tensor sum = at::zeros({n_out, k * k * x.size(1)}, x.options());
  each_tap(sum, pixels_last(x), pixels_last(gradient), steps,
           [](at::Tensor w, const at::Tensor& in, const at::Tensor& out) {
             at::mm_out(w, rows(out).t(), rows(in));
           });
  return channels_second(sum.view({n_out, k, k, x.size(1)}));
}

struct SmallMapConvolution : torch::autograd::Function<SmallMapConvolution> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            std::int64_t stride, std::int64_t padding) {
    context->save_for_backward({x, weight});
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    const Steps steps{weight.size(2), stride, padding};
    if (steps.pixels(x) <= most_pixels_all) return forward_by_taps(x, weight, steps);
    return at::conv2d(x, weight, {}, {stride, stride}, {padding, padding});
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &gradient = gradients[0], &x = saved[0], &weight = saved[1];
    const std::int64_t stride = context->saved_data["stride"].toInt();
    const std::int64_t padding = context->saved_data["padding"].toInt();
    const Steps steps{weight.size(2), stride, padding};
    at::Tensor of_x, of_weight;
    if (context->needs_input_grad(0)) {
      of_x = steps.pixels(x) <= most_pixels_all
                 ? input_gradient(gradient, x, weight, steps)
                 : std::get<0>(at::convolution_backward(
                       gradient, x, weight, /*bias_sizes=*/{}, {stride, stride}, {padding, padding},
                       {1, 1}, /*transposed=*/false, {0, 0}, /*groups=*/1, {true, false, false}));
    }
    if (context->needs_input_grad(1)) of_weight = weight_gradient(gradient, x, weight, steps);
    return {of_x, of_weight, {}, {}};
  }
};

}  // namespace

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, std::int64_t stride,
                       std::int64_t padding) {
  const Steps steps{weight.size(2), stride, padding};
  const bool narrow = weight.size(0) * weight.size(1) <= most_summed_in_bf16;
  if (!x.is_cpu() || steps.kernel == 1 || narrow || steps.pixels(x) > most_pixels) {
    return at::conv2d(x, weight, {}, {stride, stride}, {padding, padding});
  }
  return SmallMapConvolution::apply(autocast_on_cpu(x), autocast_on_cpu(weight), stride, padding);
}

}  // namespace al_mpi
