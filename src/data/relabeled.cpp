#include <cstring>
#include <functional>

#include "owned_dataset.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/label_pool.hpp>

namespace al_mpi {
namespace {

/// Copies of some rows of `from`, each `size` bytes; kept by the dataset.
const void* copies(OwnedDataset& dataset, const std::vector<std::int64_t>& rows, std::size_t size,
                   const std::function<const void*(std::int64_t)>& row) {
  auto bytes = std::make_shared<std::vector<char>>(rows.size() * size);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(bytes->data() + i * size, row(rows[i]), size);
  }
  return dataset.keep(std::shared_ptr<const std::vector<char>>(bytes)).data();
}

}  // namespace

std::shared_ptr<const Dataset> relabeled(std::shared_ptr<const Dataset> pool,
                                         const std::vector<std::string>& classes,
                                         const std::vector<std::int64_t>& labels,
                                         const std::vector<std::int64_t>& tested) {
  auto dataset = std::make_shared<OwnedDataset>();
  static_cast<Dataset&>(*dataset) = *pool;
  dataset->keep(pool);
  Split& train = dataset->splits.at("train");
  check(static_cast<std::int64_t>(labels.size()) == train.n, "a label for each sample");
  dataset->classes = classes;
  train.labels = labels;
  train.kept = std::make_shared<std::map<std::string, std::any>>();  // not the pool's labels
  if (tested.empty()) return dataset;

  Split test = train;
  test.n = static_cast<std::int64_t>(tested.size());
  test.kept = std::make_shared<std::map<std::string, std::any>>();
  test.places.clear();
  test.costs.clear();
  test.names.clear();
  test.labels.clear();
  const auto image_bytes = static_cast<std::size_t>(train.channels * train.height * train.width) *
                           bytes_of(train.pixel_type);
  test.images =
      copies(*dataset, tested, image_bytes, [&](std::int64_t i) { return train.image(i); });
  for (auto& [name, view] : test.embeddings) {
    const MatrixView& whole = train.embeddings.at(name);
    view.n = test.n;
    view.data = static_cast<const float*>(
        copies(*dataset, tested, static_cast<std::size_t>(view.dim) * sizeof(float),
               [&](std::int64_t i) { return whole.data + i * whole.dim; }));
  }
  for (const std::int64_t i : tested) test.labels.push_back(labels.at(static_cast<std::size_t>(i)));
  dataset->splits["test"] = test;
  return dataset;
}

}  // namespace al_mpi
