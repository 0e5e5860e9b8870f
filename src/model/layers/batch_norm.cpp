#include <cmath>

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <pixel_kernels/normalization.hpp>
#include "layers.hpp"
#include "pixel_major.hpp"

namespace al_mpi {
namespace {

using pixel_kernels::Rows;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Rows rows_of(const at::Tensor& map) {
  return {map.numel() / map.size(1), map.size(1)};
}

/// What a batch does to each channel: four rows of [channels].
struct Statistics {
  at::Tensor rows;
  float *mean, *inverse_deviation, *scale, *shift;

  explicit Statistics(const at::Tensor& all)
      : rows(all),
        mean(numbers<float>(rows)),
        inverse_deviation(mean + rows.size(1)),
        scale(inverse_deviation + rows.size(1)),
        shift(scale + rows.size(1)) {}
};

/// Normalises by the moments of the batch, and moves the running ones as LibTorch does it: the
/// running variance is that of a sample, divided by n - 1.
Statistics statistics_of(torch::nn::BatchNorm2dImpl& bn, const at::Tensor& map) {
  const Rows rows = rows_of(map);
  const Statistics all(at::empty({4, rows.channels}));
  float* variance = all.inverse_deviation;  // until it is that
  with_number(map.scalar_type(), [&](auto number) {
    pixel_kernels::channel_moments(rows, numbers<decltype(number)>(map), all.mean, variance);
  });
  const float momentum = static_cast<float>(*bn.options.momentum());
  const float keep = static_cast<float>(1 - *bn.options.momentum());
  const float of_sample = static_cast<float>(rows.n) / static_cast<float>(rows.n - 1);
  const float epsilon = static_cast<float>(bn.options.eps());
  const float *weight = numbers<float>(bn.weight), *bias = numbers<float>(bn.bias);
  float *running_mean = numbers<float>(bn.running_mean),
        *running_var = numbers<float>(bn.running_var);
  for (std::int64_t c = 0; c < rows.channels; ++c) {
    running_mean[c] = keep * running_mean[c] + momentum * all.mean[c];
    running_var[c] = keep * running_var[c] + momentum * of_sample * variance[c];
    all.inverse_deviation[c] = 1.0F / std::sqrt(variance[c] + epsilon);
    all.scale[c] = weight[c] * all.inverse_deviation[c];
    all.shift[c] = bias[c] - all.mean[c] * all.scale[c];
  }
  ++*bn.num_batches_tracked.data_ptr<std::int64_t>();
  return all;
}

// LibTorch's own optional up to 1.13, std::optional since.
using OptionalTensor = torch::autograd::optional_variable_list::value_type;

struct Normalization : torch::autograd::Function<Normalization> {
  static at::Tensor forward(AutogradContext* context, torch::nn::BatchNorm2dImpl* bn,
                            const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& /*bias*/, const OptionalTensor& residual, bool relu) {
    const at::Tensor map = pixel_major(x), y = empty_map(x.sizes(), x.scalar_type());
    const Statistics of = statistics_of(*bn, map);
    with_number(y.scalar_type(), [&](auto number) {
      using Number = decltype(number);
      const at::Tensor added =
          residual ? pixel_major(*residual, y.scalar_type(), y.size(1)) : at::Tensor();
      pixel_kernels::scale_and_shift(rows_of(y), numbers<Number>(map), of.scale, of.shift,
                                     numbers<Number>(added), relu, numbers<Number>(y));
    });
    context->save_for_backward({map, weight, y});
    context->saved_data["statistics"] = of.rows;
    context->saved_data["relu"] = relu;
    context->saved_data["residual"] = residual.has_value();
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &y = saved[2];
    const Statistics of(context->saved_data["statistics"].toTensor());
    const at::Tensor dy = pixel_major(gradients[0], x.scalar_type(), x.size(1));
    const bool relu = context->saved_data["relu"].toBool();
    const auto like_x = [&] { return empty_map(x.sizes(), x.scalar_type()); };
    const at::Tensor dx = like_x();
    const at::Tensor dresidual = context->saved_data["residual"].toBool() ? like_x() : at::Tensor();
    const at::Tensor dweight = at::empty_like(weight), dbias = at::empty_like(weight);
    with_number(x.scalar_type(), [&](auto number) {
      using Number = decltype(number);
      pixel_kernels::normalization_gradient(
          rows_of(x), numbers<Number>(x), numbers<Number>(y), numbers<Number>(dy), relu, of.mean,
          of.inverse_deviation, numbers<float>(weight), numbers<Number>(dx),
          numbers<Number>(dresidual), {numbers<float>(dweight), numbers<float>(dbias)});
    });
    return {{}, dx, dweight, dbias, dresidual, {}};
  }
};

}  // namespace

at::Tensor normalize(torch::nn::BatchNorm2d& bn, const at::Tensor& x, const at::Tensor& residual,
                     bool relu) {
  const bool has_moments = x.numel() > x.size(1);  // LibTorch refuses a lone value a channel
  if (bn->is_training() && has_moments && has_kernels(x) && x.size(1) % 16 == 0) {
    const auto added = residual.defined() ? OptionalTensor(residual) : OptionalTensor();
    return Normalization::apply(bn.get(), x, bn->weight, bn->bias, added, relu);
  }
  at::Tensor y;
  if (x.is_cpu() || !has_moments) {
    y = bn(x);
  } else {
    // The module itself is not called: it counts its batches, which on a GPU is a launch for a
    // number that nobody reads.
    y = at::batch_norm(x, bn->weight, bn->bias, bn->running_mean, bn->running_var,
                       bn->is_training(), *bn->options.momentum(), bn->options.eps(),
                       /*cudnn_enabled=*/true);
  }
  if (residual.defined()) y = y + residual;
  return relu ? y.relu_() : y;
}

}  // namespace al_mpi
