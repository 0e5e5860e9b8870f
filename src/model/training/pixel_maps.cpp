#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>

#include "model.hpp"

namespace al_mpi {

PixelMaps pixel_maps(const Model& model, const std::string& split, const Indices& indices) {
  const at::NoGradGuard no_grad;
  PixelMaps maps;
  const auto n = static_cast<std::int64_t>(indices.size());
  for (std::int64_t first = 0; first < n; first += model.prediction_batch()) {
    const Indices batch = part(indices, first, model.prediction_batch());
    const at::Tensor log_p =
        at::log_softmax(model.valid_logits(model.encode(split, batch)), 1).cpu();
    const double most = std::log(static_cast<double>(log_p.size(1)));
    const at::Tensor column = log_p.argmax(1).contiguous();
    const at::Tensor entropy = (log_p.exp() * log_p).sum(1).neg().div(most).contiguous();
    const auto* columns = column.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < column.numel(); ++i) {
      const auto c = static_cast<std::size_t>(columns[i]);
      maps.classes.push_back(static_cast<std::uint8_t>(model.valid_classes[c]));
    }
    const auto* values = entropy.data_ptr<float>();
    maps.entropy.insert(maps.entropy.end(), values, values + entropy.numel());
  }
  return maps;
}

}  // namespace al_mpi
