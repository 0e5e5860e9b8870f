#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/zeros.h>

#include "src/query/class_draw.hpp"

namespace al_mpi {

/// Random samples by turns for each class: of classified samples one that the network takes for
/// that class, of images one with a pixel that it takes for it. What is left of the batch when the
/// classes are used up is random among all. The baseline that class-aware strategies must beat on
/// segmentation. Scores are 0. Reference: Lueth et al., nnActive (arXiv 2511.19183), which finds
/// no strategy reliably better than random draws that know of classes.
Picks predicted_class_random(QueryContext& context) {
  std::map<std::int64_t, Indices> classes;
  Indices unusable;
  context.predictions.each_probabilities(
      context.unlabeled, [&](std::int64_t first, const at::Tensor& batch) {
        const at::Tensor p = batch.reshape({batch.size(0), batch.size(1), -1});  // [b, C, pixels]
        const at::Tensor counts = at::zeros({p.size(0), p.size(1)}, at::kLong);
        const at::Tensor predicted = p.argmax(1).cpu();
        counts.scatter_(1, predicted, 1);
        const at::Tensor finite = at::isfinite(p).flatten(1).all(1).cpu();
        for (std::int64_t i = 0; i < p.size(0); ++i) {
          const std::int64_t index = context.unlabeled[static_cast<std::size_t>(first + i)];
          if (!finite[i].item<bool>()) {
            unusable.push_back(index);
            continue;
          }
          const std::int64_t* present = counts.data_ptr<std::int64_t>() + i * p.size(1);
          for (std::int64_t c = 0; c < p.size(1); ++c) {
            if (present[c] > 0) classes[c].push_back(index);
          }
        }
      });
  RngStream rng = context.rng("query");
  for (auto& [label, indices] : classes) rng.shuffle(indices);
  return by_turns(context, classes, unusable, rng);
}

}  // namespace al_mpi
