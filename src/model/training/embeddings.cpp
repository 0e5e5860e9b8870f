#include "embeddings.hpp"

#include <cmath>
#include <map>
#include <vector>

#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>
#include <al_mpi/data/band_statistics.hpp>

namespace al_mpi {
namespace {

at::Tensor view_of(const MatrixView& matrix) {
  // The mapping is read-only; nobody writes to embeddings.
  return at::from_blob(const_cast<float*>(matrix.data), {matrix.n, matrix.dim});
}

at::Tensor band_statistics_of(const Dataset& dataset, const std::string& split,
                              std::int64_t region = 0) {
  std::vector<float> values = band_statistics(dataset, split, region);
  const std::int64_t dim = statistics_a_band * dataset.train().channels;
  return at::from_blob(values.data(), {static_cast<std::int64_t>(values.size()) / dim, dim})
      .clone();
}

}  // namespace

at::Tensor split_embeddings(const Dataset& dataset, const std::string& split,
                            const std::string& name) {
  const auto& stored = split_of(dataset, split).embeddings;
  if (name == "auto" && stored.empty()) return band_statistics_of(dataset, split);
  const auto found = name == "auto" ? stored.begin() : stored.find(name);
  if (found != stored.end()) return view_of(found->second);
  std::vector<std::string> known;
  for (const auto& [known_name, matrix] : stored) known.push_back(known_name);
  throw DataError(dataset.source, "/" + split + "/embeddings",
                  stored.empty() ? fmt::format("no '{}' (there are none: al_prepare embed makes "
                                               "them, and 'auto' is the band statistics)",
                                               name)
                                 : fmt::format("no '{}'{}", name, did_you_mean(name, known)));
}

at::Tensor region_embeddings(const Dataset& dataset, const std::string& name, std::int64_t region) {
  if (name == "auto") return band_statistics_of(dataset, "train", region);
  throw DataError(
      dataset.source, "/train/embeddings",
      fmt::format("'{}' is of images, not of their regions (use query.embeddings=auto)", name));
}

InputFn embedding_inputs(std::shared_ptr<const Dataset> dataset, const std::string& name,
                         c10::Device device) {
  const at::Tensor train = split_embeddings(*dataset, "train", name);
  const at::Tensor mean = train.mean(0, /*keepdim=*/true);
  const at::Tensor spread = train.std(0, /*unbiased=*/false, /*keepdim=*/true);
  // A constant column stays 0 wherever it is constant too.
  const double norm = 4.0 / std::sqrt(static_cast<double>(train.size(1)));
  const at::Tensor scale = spread.reciprocal().mul(norm).masked_fill(spread.eq(0), 0);
  auto rows = std::make_shared<std::map<std::string, at::Tensor>>();
  return [=](const std::string& split, const Indices& indices) {
    at::Tensor& all = (*rows)[split];
    if (!all.defined()) {
      all = split_embeddings(*dataset, split, name).sub(mean).mul(scale).to(device);
    }
    return all.index_select(0, upload(indices, device));
  };
}

}  // namespace al_mpi
