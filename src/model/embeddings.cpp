#include <vector>

#include <ATen/ops/from_blob.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>
#include <al_mpi/model/embeddings.hpp>

namespace al_mpi {
namespace {

at::Tensor view_of(const MatrixView& matrix) {
  // The mapping is read-only; nobody writes to embeddings.
  return at::from_blob(const_cast<float*>(matrix.data), {matrix.n, matrix.dim});
}

}  // namespace

at::Tensor split_embeddings(const Dataset& dataset, const std::string& split,
                            const std::string& name) {
  const auto& stored = dataset.splits.at(split).embeddings;
  const auto found = name == "auto" ? stored.begin() : stored.find(name);
  if (found != stored.end()) return view_of(found->second);
  std::vector<std::string> known;
  for (const auto& [known_name, matrix] : stored) known.push_back(known_name);
  throw DataError(dataset.source, "/" + split + "/embeddings",
                  stored.empty() ? fmt::format("there are none (al_prepare embed makes them)")
                                 : fmt::format("no '{}'{}", name, did_you_mean(name, known)));
}

}  // namespace al_mpi
