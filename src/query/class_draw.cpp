#include "class_draw.hpp"

#include <al_mpi/base/error.hpp>

namespace al_mpi {

std::map<std::int64_t, Indices> candidates_by_class(const QueryContext& context, RngStream& rng) {
  if (!context.oracle_label) {
    throw DataError("pool", "labels", "an oracle needs the labels of all samples (there are none)");
  }
  std::map<std::int64_t, Indices> classes;
  for (const std::int64_t index : context.unlabeled) {
    classes[context.oracle_label(index)].push_back(index);
  }
  for (auto& [label, indices] : classes) rng.shuffle(indices);
  return classes;
}

}  // namespace al_mpi
