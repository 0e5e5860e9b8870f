#pragma once

#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/modules/batchnorm.h>

#include "src/model/networks/network.hpp"

namespace al_mpi {

/// Puts a network in the mode of MC-dropout passes that normalise by the statistics of the query
/// batch, and computes what its running statistics become: as if `passes` whole passes over all
/// batches had been made one after the other, though each batch is encoded once.
///
/// While this object lives BatchNorm layers store the last batch's own statistics. finish() then
/// gives the running ones what the passes would have left: r <- (1 - m) r + m s for every batch s
/// of pass 1, then of pass 2, ...
class BatchStatisticsMode {
 public:
  BatchStatisticsMode(Network& network, std::int64_t passes);
  /// Back to evaluation mode; without finish() the running statistics are as before
  ~BatchStatisticsMode();
  BatchStatisticsMode(const BatchStatisticsMode&) = delete;
  BatchStatisticsMode& operator=(const BatchStatisticsMode&) = delete;

  /// Takes the statistics that the network's layers used last, for `pass` (0-based) of the present
  /// batch.
  void take(std::int64_t pass);
  void finish();

 private:
  at::Tensor read() const;  ///< all layers' running means and variances, one after the other
  void write(const at::Tensor& values);

  Network& network_;
  std::vector<torch::nn::BatchNorm2d> layers_;
  at::Tensor before_;              ///< as the running statistics were
  std::vector<at::Tensor> moved_;  ///< per pass: sum of m (1 - m)^(later batches) s
  std::vector<std::int64_t> n_batches_;
};

}  // namespace al_mpi
