#include "pseudo_labels.hpp"

#include <algorithm>

namespace al_mpi {

PseudoLabels select_pseudo_labels(const at::Tensor& probs, const Indices& indices,
                                  const std::vector<std::int64_t>& valid_classes,
                                  double threshold) {
  PseudoLabels out;
  const at::Tensor rows = probs.contiguous();
  const float* row = rows.data_ptr<float>();
  const std::int64_t n_classes = rows.size(1);
  for (const std::int64_t index : indices) {
    const float* end = row + n_classes;
    const bool sound = std::all_of(row, end, [](float p) { return p >= 0; });  // NaN is not
    const float* best = std::max_element(row, end);
    if (sound && static_cast<double>(*best) >= threshold) {
      out.indices.push_back(index);
      out.classes.push_back(valid_classes[static_cast<std::size_t>(best - row)]);
    }
    row = end;
  }
  return out;
}

}  // namespace al_mpi
