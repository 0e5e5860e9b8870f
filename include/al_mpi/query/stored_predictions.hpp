#pragma once

#include <map>
#include <string>
#include <vector>

#include <al_mpi/io/hdf5.hpp>
#include <al_mpi/model/predictions.hpp>

namespace al_mpi {

/// Predictions for a whole pool of n samples read from arrays of an HDF5 group, row = global index:
///   probs [n, C] or [n, C, H, W]; mc_probs [T, n, C] or [T, n, C, H, W]; features [n, d];
///   embeddings [n, D]; predicted_losses [n]; head_weight [C, d]; head_bias [C]; labeled [n] (0 or
///   1); labels [n] (classes; of unlabelled samples only oracles ask).
/// All are optional; what a strategy needs and the group lacks is named in a DataError, as are
/// shapes that do not fit together. Pixel arrays are read batch by batch.
class StoredPredictions : public Predictions {
 public:
  /// `asker` names the strategy in messages.
  StoredPredictions(const std::string& file, const std::string& group, std::string asker);

  std::int64_t pool_size() const { return pool_size_; }
  bool has(const std::string& array) const { return shapes_.count(array) > 0; }
  std::int64_t n_passes() const;  ///< T; 0 without mc_probs

  Indices labeled() const;  ///< ascending; empty without the array
  std::vector<std::int64_t> labels(const Indices& indices) const;  ///< empty without the array

  std::int64_t n_classes() const override;
  void each_probabilities(const Indices& indices, const BatchFn& fn) override;
  void each_mc_probabilities(const Indices& indices, std::int64_t passes,
                             const BatchFn& fn) override;
  at::Tensor features(const Indices& indices) override;
  at::Tensor embeddings(const Indices& indices) override;
  at::Tensor predicted_losses(const Indices& indices) override;
  LinearHead head() override;
  void each_images(const Indices& indices, const ImageBatchFn& fn) override;

 private:
  std::string path(const std::string& array) const { return group_ + "/" + array; }
  const Shape& needed(const std::string& array) const;
  void check_shape(const std::string& array, std::size_t sample_dim,
                   std::vector<std::size_t> ranks);
  at::Tensor rows(const std::string& array, const Indices& indices) const;
  void each_batch(const std::string& array, std::int64_t passes, const Indices& indices,
                  const BatchFn& fn) const;

  Hdf5File file_;
  std::string group_;
  std::string asker_;
  std::map<std::string, Shape> shapes_;
  std::int64_t pool_size_ = -1;
  mutable std::vector<std::int64_t> labels_;  ///< once asked for
};

}  // namespace al_mpi
