#include <al_mpi/model/predictions.hpp>

#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

namespace al_mpi {

at::Tensor probabilities(Predictions& predictions, const Indices& indices) {
  std::vector<at::Tensor> parts;
  predictions.each_probabilities(
      indices, [&](std::int64_t, const at::Tensor& values) { parts.push_back(values.cpu()); });
  return parts.empty() ? at::zeros({0, predictions.n_classes()}) : at::cat(parts, 0);
}

at::Tensor mc_probabilities(Predictions& predictions, const Indices& indices, std::int64_t passes) {
  std::vector<at::Tensor> parts;
  predictions.each_mc_probabilities(indices, passes, [&](std::int64_t, const at::Tensor& values) {
    parts.push_back(values.cpu());
  });
  return parts.empty() ? at::zeros({passes, 0, predictions.n_classes()}) : at::cat(parts, 1);
}

}  // namespace al_mpi
