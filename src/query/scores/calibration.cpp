#include "calibration.hpp"

#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "linear_head.hpp"
#include <al_mpi/model/metrics.hpp>

namespace al_mpi {
namespace {

constexpr std::size_t n_bins = 10;
constexpr std::int64_t n_folds = 5;
constexpr int most_steps = 300;
constexpr int n_temperatures = 18;  // from 1 on, each 2^(1/4) times the one before

}  // namespace

at::Tensor at_temperature(const at::Tensor& p, double temperature) {
  return at::softmax(p.log() / temperature, 1);
}

double calibration_error(const at::Tensor& p, const at::Tensor& labels) {
  const auto [most, predicted] = p.max(1);
  const at::Tensor confidence = most.to(at::kDouble).contiguous();
  const at::Tensor right = (predicted == labels).contiguous();
  CalibrationError error(n_bins);
  for (std::int64_t i = 0; i < p.size(0); ++i) {
    error.add(confidence.data_ptr<double>()[i], right.data_ptr<bool>()[i]);
  }
  return error.value();
}

double held_out_temperature(const at::Tensor& features, const std::vector<std::int64_t>& labels,
                            std::int64_t n_classes, double loss, RngStream& rng) {
  const std::int64_t n = features.size(0);
  if (n < n_folds) return 1.0;
  const at::Tensor rows = features.to(at::kFloat);
  const at::Tensor x = Standard(rows).of(rows);
  const at::Tensor all_labels = at::tensor(labels);
  const std::vector<std::int64_t> order = rng.permutation(n);
  std::vector<at::Tensor> predicted, truth;
  for (std::int64_t fold = 0; fold < n_folds; ++fold) {
    std::vector<std::int64_t> rest, held_out;
    for (std::int64_t i = 0; i < n; ++i) {
      (i % n_folds == fold ? held_out : rest).push_back(order[static_cast<std::size_t>(i)]);
    }
    const at::Tensor used = at::tensor(rest), kept = at::tensor(held_out);
    const at::Tensor head = trained_head(x.index_select(0, used), all_labels.index_select(0, used),
                                         at::zeros({x.size(1), n_classes}, x.options()),
                                         {most_steps, /*ridge=*/0.0, loss});
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
