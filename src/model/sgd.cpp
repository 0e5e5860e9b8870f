#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <al_mpi/kernels/momentum.hpp>
#include <al_mpi/kernels/number.hpp>
#include <al_mpi/model/sgd.hpp>

namespace al_mpi {
namespace {

/// value, velocity and gradient lie in the same dense order, whatever it is.
bool same_dense_layout(const at::Tensor& value, const at::Tensor& velocity,
                       const at::Tensor& grad) {
  return value.is_cpu() && value.is_non_overlapping_and_dense() &&
         value.strides() == grad.strides() && value.strides() == velocity.strides();
}

void update_dense(const at::Tensor& value, const at::Tensor& velocity, const at::Tensor& grad,
                  const MomentumRates& rates) {
  float* __restrict w = value.data_ptr<float>();
  float* __restrict v = velocity.data_ptr<float>();
  const float* __restrict g = grad.data_ptr<float>();
  const std::int64_t n = value.numel();
  if (processor_runs_kernels()) return momentum_step(rates, n, g, v, w);
  for (std::int64_t i = 0; i < n; ++i) {
    v[i] = rates.momentum * v[i] + (g[i] + rates.decay * w[i]);
    w[i] -= rates.learning * v[i];
  }
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
    : parameters_(std::move(parameters)),
      velocity_(parameters_.size()),
      learning_rate_(static_cast<float>(options.learning_rate)),
      momentum_(static_cast<float>(options.momentum)),
      weight_decay_(static_cast<float>(options.weight_decay)) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].requires_grad()) continue;
    auto arrival = torch::autograd::impl::grad_accumulator(parameters_[i]);
    arrival->add_post_hook(std::make_unique<Update>(*this, i));
    arrivals_.emplace_back(std::move(arrival));
  }
}

void Sgd::step(const at::Tensor& loss) {
  loss.backward();
}

void Sgd::update(std::size_t parameter) {
  const at::NoGradGuard no_grad;
  const MomentumRates rates{learning_rate_, momentum_, weight_decay_};
  at::Tensor& value = parameters_[parameter];
  at::Tensor& velocity = velocity_[parameter];
  at::Tensor& grad = value.mutable_grad();
  if (!velocity.defined()) velocity = at::zeros_like(value);
  if (same_dense_layout(value, velocity, grad)) {
    update_dense(value, velocity, grad, rates);
    value.unsafeGetTensorImpl()->bump_version();  // ConvBn tells by it that weights have changed
  } else {
    velocity.mul_(rates.momentum).add_(grad.add(value, rates.decay));
    value.sub_(velocity, rates.learning);
  }
  grad.reset();  // the next backward pass hands its buffer over instead of adding to zeros
}

}  // namespace al_mpi
