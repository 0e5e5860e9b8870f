#include "sgd.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/version.h>

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
#include <ATen/ops/_fused_sgd.h>
#define AL_FUSED_SGD
#endif

#include <pixel_kernels/momentum.hpp>

namespace al_mpi {
namespace {

/// value, velocity and gradient lie in the same dense order, whatever it is.
bool same_dense_layout(const at::Tensor& value, const at::Tensor& velocity,
                       const at::Tensor& grad) {
  return value.is_cpu() && value.is_non_overlapping_and_dense() &&
         value.strides() == grad.strides() && value.strides() == velocity.strides();
}

}  // namespace

/// Called when a parameter's gradient has arrived from all sides.
struct Sgd::Update : torch::autograd::FunctionPostHook {
  Update(Sgd& sgd, std::size_t parameter) : sgd_(sgd), parameter_(parameter) {}
  torch::autograd::variable_list operator()(const torch::autograd::variable_list& outputs,
                                            const torch::autograd::variable_list&) override {
    sgd_.update(parameter_);
    return outputs;
  }
  Sgd& sgd_;
  std::size_t parameter_;
};

Sgd::Sgd(std::vector<at::Tensor> parameters, const TrainingOptions& options)
    : Sgd(parameters, options, !parameters.empty() && !parameters.front().is_cpu()) {}

Sgd::Sgd(std::vector<at::Tensor> parameters, const TrainingOptions& options, bool together)
    : parameters_(std::move(parameters)),
      velocity_(parameters_.size()),
      learning_rate_(static_cast<float>(options.learning_rate)),
      momentum_(static_cast<float>(options.momentum)),
      weight_decay_(static_cast<float>(options.weight_decay)),
      together_(together) {
  if (together_) return;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].requires_grad()) continue;
    auto arrival = torch::autograd::impl::grad_accumulator(parameters_[i]);
    arrival->add_post_hook(std::make_unique<Update>(*this, i));
    arrivals_.emplace_back(std::move(arrival));
  }
}

void Sgd::step(const at::Tensor& loss) {
  loss.backward();
  if (together_) update_together();
}

void Sgd::update(std::size_t parameter) {
  const at::NoGradGuard no_grad;
  const pixel_kernels::MomentumRates rates{learning_rate_, momentum_, weight_decay_};
  at::Tensor& value = parameters_[parameter];
  at::Tensor& velocity = velocity_[parameter];
  at::Tensor& grad = value.mutable_grad();
  if (!velocity.defined()) velocity = at::zeros_like(value);
  if (same_dense_layout(value, velocity, grad)) {
    pixel_kernels::momentum_step(rates, value.numel(), grad.data_ptr<float>(),
                                 velocity.data_ptr<float>(), value.data_ptr<float>());
    value.unsafeGetTensorImpl()->bump_version();  // ConvBn tells by it that weights have changed
  } else {
    velocity.mul_(rates.momentum).add_(grad.add(value, rates.decay));
    value.sub_(velocity, rates.learning);
  }
  grad.reset();  // the next backward pass hands its buffer over instead of adding to zeros
}

void Sgd::update_together() {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> values, velocities, grads;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    at::Tensor grad = parameters_[i].grad();
    if (!grad.defined()) continue;
    if (!velocity_[i].defined()) velocity_[i] = at::zeros_like(parameters_[i]);
    if (grad.strides() != velocity_[i].strides()) grad = at::empty_like(velocity_[i]).copy_(grad);
    values.push_back(parameters_[i]);
    velocities.push_back(velocity_[i]);
    grads.push_back(grad);
    parameters_[i].mutable_grad().reset();
  }
  if (values.empty()) return;
#ifdef AL_FUSED_SGD
  if (!values.front().is_cpu()) {
    at::_fused_sgd_(values, grads, velocities, weight_decay_, momentum_, learning_rate_,
                    /*dampening=*/0, /*nesterov=*/false, /*maximize=*/false,
                    /*is_first_step=*/false);
    // ConvBn tells by it that weights have changed.
    for (const at::Tensor& value : values) value.unsafeGetTensorImpl()->bump_version();
    return;
  }
#endif
  if (weight_decay_ != 0) at::_foreach_add_(grads, values, weight_decay_);
  at::_foreach_mul_(velocities, momentum_);
  at::_foreach_add_(velocities, grads);
  at::_foreach_add_(values, velocities, -learning_rate_);
}

}  // namespace al_mpi
