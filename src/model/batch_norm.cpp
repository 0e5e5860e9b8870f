#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <al_mpi/kernels/normalization.hpp>
#include <al_mpi/model/batch_norm.hpp>
#include <al_mpi/model/pixel_major.hpp>

namespace al_mpi {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Rows rows_of(const at::Tensor& pixels) {
  return {pixels.numel() / pixels.size(3), pixels.size(3)};
}

/// Mean and variance of each channel of the batch.
struct Moments {
  at::Tensor mean, variance;

  explicit Moments(const at::Tensor& pixels)
      : mean(at::empty({pixels.size(3)})), variance(at::empty_like(mean)) {
    with_number(pixels.scalar_type(), [&](auto number) {
      channel_moments(rows_of(pixels), numbers<decltype(number)>(pixels), numbers<float>(mean),
                      numbers<float>(variance));
    });
  }
};

/// As LibTorch does it: the running variance is that of a sample, divided by n - 1.
void update_running(torch::nn::BatchNorm2dImpl& bn, const Moments& moments, std::int64_t n) {
  const at::NoGradGuard no_grad;
  bn.num_batches_tracked.add_(1);
  const double momentum = *bn.options.momentum();
  const double of_sample = static_cast<double>(n) / static_cast<double>(n - 1);
  bn.running_mean.mul_(1 - momentum).add_(moments.mean, momentum);
  bn.running_var.mul_(1 - momentum).add_(moments.variance, momentum * of_sample);
}

struct Normalization : torch::autograd::Function<Normalization> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias, const c10::optional<at::Tensor>& residual,
                            const at::Tensor& mean, const at::Tensor& inverse_deviation,
                            bool relu) {
    const at::Tensor pixels = pixels_of(x);
    const at::Tensor y = at::empty_like(pixels);
    const at::Tensor scale = weight.detach() * inverse_deviation;
    const at::Tensor shift = bias.detach() - mean * scale;
    with_number(y.scalar_type(), [&](auto number) {
      using Number = decltype(number);
      const at::Tensor added =
          residual ? pixels_of(*residual, y.scalar_type(), y.size(3)) : at::Tensor();
      scale_and_shift(rows_of(y), numbers<Number>(pixels), numbers<float>(scale),
                      numbers<float>(shift), numbers<Number>(added), relu, numbers<Number>(y));
    });
    const at::Tensor map = map_of(y);
    context->save_for_backward({x, weight, mean, inverse_deviation, map});
    context->saved_data["relu"] = relu;
    context->saved_data["residual"] = residual.has_value();
    return map;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &weight = saved[1], &mean = saved[2], &inverse_deviation = saved[3];
    const at::Tensor x = pixels_of(saved[0]), y = pixels_of(saved[4]);
    const at::Tensor dy = pixels_of(gradients[0], x.scalar_type(), x.size(3));
    const bool relu = context->saved_data["relu"].toBool();
    const at::Tensor dx = at::empty_like(x);
    const at::Tensor dresidual =
        context->saved_data["residual"].toBool() ? at::empty_like(x) : at::Tensor();
    const at::Tensor dweight = at::empty_like(weight), dbias = at::empty_like(weight);
    with_number(x.scalar_type(), [&](auto number) {
      using Number = decltype(number);
      normalization_gradient(rows_of(x), numbers<Number>(x), numbers<Number>(y),
                             numbers<Number>(dy), relu, numbers<float>(mean),
                             numbers<float>(inverse_deviation), numbers<float>(weight),
                             numbers<Number>(dx), numbers<Number>(dresidual),
                             {numbers<float>(dweight), numbers<float>(dbias)});
    });
    return {map_of(dx), dweight, dbias, dresidual.defined() ? map_of(dresidual) : dresidual,
            {},         {},      {}};
  }
};

}  // namespace

at::Tensor normalize(torch::nn::BatchNorm2d& bn, const at::Tensor& x, const at::Tensor& residual,
                     bool relu) {
  const bool has_moments = x.numel() > x.size(1);  // LibTorch refuses a lone value a channel
  if (bn->is_training() && has_moments && has_kernels(x) && x.size(1) % 16 == 0) {
    const Moments moments(pixels_of(x.detach()));
    update_running(*bn, moments, x.numel() / x.size(1));
    const auto added = residual.defined() ? c10::make_optional(residual) : c10::nullopt;
    return Normalization::apply(x, bn->weight, bn->bias, added, moments.mean,
                                (moments.variance + bn->options.eps()).rsqrt_(), relu);
  }
  at::Tensor y = bn(x);
  if (residual.defined()) y = y + residual;
  return relu ? y.relu_() : y;
}

}  // namespace al_mpi
