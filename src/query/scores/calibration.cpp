#include "calibration.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

namespace al_mpi {
namespace {

constexpr std::int64_t n_bins = 10;
constexpr std::int64_t n_folds = 5;
constexpr int max_steps = 300;
constexpr int n_temperatures = 18;  // from 1 on, each 2^(1/4) times the one before

/// The largest eigenvalue of x^T x / n, from a few steps of the power method and a margin.
double curvature(const at::Tensor& x) {
  at::Tensor v = at::ones({x.size(1)}, x.options());
  double largest = 1.0;
  for (int step = 0; step < 10; ++step) {
    v = x.t().mv(x.mv(v)) / static_cast<double>(x.size(0));
    largest = v.norm().item<double>();
    v = v / largest;
  }
  return 1.2 * largest;
}

/// Weights [d, C] of a softmax regression of labels on x [n, d], by Nesterov's gradient descent
/// from 0 until its mean loss is at most `loss`.
at::Tensor trained_head(const at::Tensor& x, const at::Tensor& labels, std::int64_t n_classes,
                        double loss) {
  const at::Tensor wanted = at::one_hot(labels, n_classes).to(x.scalar_type());
  const double rate = 2.0 / curvature(x);  // the softmax's own curvature is at most 1/2
  at::Tensor weights = at::zeros({x.size(1), n_classes}, x.options());
  at::Tensor ahead = weights;
  for (int step = 1; step <= max_steps; ++step) {
    const at::Tensor log_p = at::log_softmax(x.mm(ahead), 1);
    if (-(log_p * wanted).sum(1).mean().item<double>() <= loss) break;
    const at::Tensor gradient = x.t().mm(log_p.exp() - wanted) / static_cast<double>(x.size(0));
    const at::Tensor next = ahead - rate * gradient;
    ahead = next + (step - 1.0) / (step + 2.0) * (next - weights);
    weights = next;
  }
  return ahead;
}

/// Centred, of variance 1 (constant ones stay 0), and 1 for the bias.
at::Tensor standardised(const at::Tensor& features) {
  const at::Tensor centred = features - features.mean(0, true);
  const at::Tensor deviation = centred.square().mean(0, true).sqrt();
  const at::Tensor x = centred / deviation.masked_fill(deviation == 0.0, 1.0);
  return at::cat({x, at::ones({x.size(0), 1}, x.options())}, 1);
}

}  // namespace

at::Tensor at_temperature(const at::Tensor& p, double temperature) {
  return at::softmax(p.log() / temperature, 1);
}

double calibration_error(const at::Tensor& p, const at::Tensor& labels) {
  const auto [most, predicted] = p.max(1);
  const at::Tensor confidence = most.to(at::kDouble).contiguous();
  const at::Tensor right = (predicted == labels).to(at::kDouble).contiguous();
  std::vector<double> gaps(static_cast<std::size_t>(n_bins), 0.0);
  for (std::int64_t i = 0; i < p.size(0); ++i) {
    const double sure = confidence.data_ptr<double>()[i];
    const auto bin = std::clamp<std::int64_t>(
        static_cast<std::int64_t>(sure * static_cast<double>(n_bins)), 0, n_bins - 1);
    gaps[static_cast<std::size_t>(bin)] += sure - right.data_ptr<double>()[i];
  }
  double sum = 0.0;
  for (const double gap : gaps) sum += std::abs(gap);
  return sum / static_cast<double>(p.size(0));
}

double held_out_temperature(const at::Tensor& features, const std::vector<std::int64_t>& labels,
                            std::int64_t n_classes, double loss, RngStream& rng) {
  const std::int64_t n = features.size(0);
  if (n < n_folds) return 1.0;
  const at::Tensor x = standardised(features.to(at::kFloat));
  const at::Tensor all_labels = at::tensor(labels);
  const std::vector<std::int64_t> order = rng.permutation(n);
  std::vector<at::Tensor> predicted, truth;
  for (std::int64_t fold = 0; fold < n_folds; ++fold) {
    std::vector<std::int64_t> rest, held_out;
    for (std::int64_t i = 0; i < n; ++i) {
      (i % n_folds == fold ? held_out : rest).push_back(order[static_cast<std::size_t>(i)]);
    }
    const at::Tensor used = at::tensor(rest), kept = at::tensor(held_out);
    const at::Tensor head =
        trained_head(x.index_select(0, used), all_labels.index_select(0, used), n_classes, loss);
    predicted.push_back(at::log_softmax(x.index_select(0, kept).mm(head).to(at::kDouble), 1));
    truth.push_back(all_labels.index_select(0, kept));
  }
  const at::Tensor log_p = at::cat(predicted), held_labels = at::cat(truth);
  double best = 1.0;
  double least = std::numeric_limits<double>::infinity();
  for (int step = 0; step < n_temperatures; ++step) {
    const double temperature = std::exp2(step / 4.0);
    const double error = calibration_error(at::softmax(log_p / temperature, 1), held_labels);
    if (error < least) {
      best = temperature;
      least = error;
    }
  }
  return best;
}

}  // namespace al_mpi
