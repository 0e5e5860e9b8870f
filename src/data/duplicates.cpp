#include <al_mpi/base/error.hpp>

#include "owned_dataset.hpp"

namespace al_mpi {
namespace {

template <class T>
std::vector<T> repeated(const std::vector<T>& values, std::int64_t copies) {
  std::vector<T> all;
  all.reserve(values.size() * static_cast<std::size_t>(copies));
  for (std::int64_t copy = 0; copy < copies; ++copy) {
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

}  // namespace

std::shared_ptr<const Dataset> with_duplicates(std::shared_ptr<const Dataset> dataset,
                                               std::int64_t copies) {
  check(copies >= 1, "{} copies", copies);
  if (copies == 1) return dataset;
  auto result = std::make_shared<OwnedDataset>();
  static_cast<Dataset&>(*result) = *dataset;
  result->keep(dataset);
  Split& pool = result->splits.at("train");
  pool.n *= copies;
  pool.copies *= copies;
  pool.labels = repeated(pool.labels, copies);
  pool.names = repeated(pool.names, copies);
  pool.places = repeated(pool.places, copies);
  pool.costs = repeated(pool.costs, copies);
  for (auto& [name, view] : pool.embeddings) {
    const auto values = std::make_shared<const std::vector<float>>(
        repeated(std::vector<float>(view.data, view.data + view.n * view.dim), copies));
    view = {result->keep(values).data(), view.n * copies, view.dim};
  }
  return result;
}

}  // namespace al_mpi
