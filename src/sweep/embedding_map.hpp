#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <al_mpi/data/dataset.hpp>
#include <al_mpi/data/regions.hpp>
#include <al_mpi/results/reader.hpp>
#include <al_mpi/stats/principal_plane.hpp>

namespace al_mpi {

/// A pool's samples in the plane of the first two principal components of their embeddings: those
/// that query.embeddings names, and for a dataset without any the mean and deviation of each band.
/// A region lies where its image does.
class EmbeddingMap {
 public:
  static constexpr std::int64_t most_even = 2000;  ///< samples that the plane is laid through

  /// `embeddings`: a name in the dataset, or "auto" for its first; `regions` of its images.
  EmbeddingMap(std::shared_ptr<const Dataset> dataset, const std::string& embeddings,
               const Regions& regions);

  /// The even samples and, behind them, those of `picked` that are not among them.
  ResultsTables::Map with(const std::set<std::int64_t>& picked);

 private:
  struct Point {
    std::array<double, 2> place;
    std::int64_t label;
  };
  std::vector<float> row(std::int64_t image) const;
  void add(std::int64_t index, ResultsTables::Map& map);

  std::shared_ptr<const Dataset> dataset_;
  Regions regions_;
  const MatrixView* stored_ = nullptr;  ///< null: statistics of bands
  std::vector<std::int64_t> even_;
  std::string words_;
  std::unique_ptr<const PrincipalPlane> plane_;
  std::map<std::int64_t, Point> points_;  ///< known so far
};

}  // namespace al_mpi
