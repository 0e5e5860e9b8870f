#pragma once

#include <map>
#include <string>
#include <vector>

#include <al_mpi/io/hdf5.hpp>
#include <al_mpi/model/predictions.hpp>

namespace al_mpi {

/// Predictions for a whole pool of n samples read from arrays of an HDF5 group, row = global index;
/// catalog/arrays.def lists them with their shapes. All are optional, of any type of numbers or
/// bool. Probabilities come in float64, but where float32 is stored; the others in float32, which
/// distances are computed in.
///
/// What people store by mistake is refused in a DataError that names the array and the row: what a
/// strategy needs and the group lacks, shapes that do not fit together, numbers that are no
/// probabilities or not finite, a mask of something else than 0 and 1. Rows nobody asks for are not
/// looked at. Pixel arrays are read batch by batch.
class StoredPredictions : public Predictions {
 public:
  /// `asker` names the strategy in messages.
  StoredPredictions(const std::string& file, const std::string& group, std::string asker);

  /// Pixel probabilities whose ignored class was cut off sum to less than 1: from now on allowed.
  void allow_cut_off() { cut_off_ = true; }

  std::int64_t pool_size() const { return pool_size_; }
  bool has(const std::string& array) const { return arrays_.count(array) > 0; }
  const Shape& needed(const std::string& array) const;  ///< its shape; throws where it is not there
  std::int64_t n_passes() const;                        ///< T; 0 without mc_probs
  /// Whether two passes read so far differed; true where none were read.
  bool passes_differ() const { return n_passes_read_ == 0 || passes_differ_; }

  /// Where `array`, labeled or candidate, is 1: ascending; empty without the array.
  Indices marked(const std::string& array) const;
  std::vector<std::int64_t> labels(const Indices& indices) const;  ///< empty without the array

  double cost(std::int64_t index) const;  ///< of a label; needs the array costs

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
  std::string group_name() const { return group_.empty() ? "/" : group_; }
  [[noreturn]] void refuse(const std::string& array, const std::string& problem) const;
  void check_shapes();
  void check_classes() const;
  void check_probabilities(const std::string& array, const at::Tensor& p,
                           const Indices& indices) const;
  std::string fault_of(const at::Tensor& row) const;
  at::Tensor read(const std::string& array, at::ScalarType type) const;
  at::Tensor rows(const std::string& array, const Indices& indices) const;
  void each_batch(const std::string& array, std::int64_t passes, const Indices& indices,
                  const BatchFn& fn) const;

  Hdf5File file_;
  std::string group_;
  std::string asker_;
  std::map<std::string, DatasetInfo> arrays_;
  std::int64_t pool_size_ = -1;
  bool cut_off_ = false;
  bool passes_differ_ = false;
  std::int64_t n_passes_read_ = 0;
  mutable std::vector<std::int64_t> labels_;  ///< once asked for
  mutable std::vector<double> costs_;         ///< once asked for
};

}  // namespace al_mpi
