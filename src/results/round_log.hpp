#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

/// Values that lie in a RoundLog.
template <class T>
struct Slice {
  const T* first = nullptr;
  std::size_t n = 0;

  const T* begin() const { return first; }
  const T* end() const { return first + n; }
};

/// Rounds in the order they arrived, held as columns in blocks. Full blocks never change and are
/// shared between copies, so copying a log of a million rounds for the snapshot takes microseconds.
class RoundLog {
 public:
  RoundLog() = default;
  RoundLog(const RoundLog& other);
  RoundLog(RoundLog&&) = default;
  RoundLog& operator=(RoundLog&&) = default;
  ~RoundLog() = default;

  /// Returns the row. Throws DataError if the confusion matrix or the calibration has another size
  /// than those before, or a number is out of range.
  std::int64_t add(int trial, const RoundRecord& record);

  std::int64_t size() const { return size_; }
  std::size_t n_picks() const;
  std::size_t n_cells() const { return n_cells_; }  ///< K * K; 0 as long as no matrix came
  /// 3 * B; 0 as long as no calibration came.
  std::size_t n_calibration() const { return n_calibration_; }
  const std::vector<std::string>& metric_names() const { return metric_names_; }  ///< [id]

  RoundRecord record(std::int64_t row) const;  ///< without key and attempt

  /// Rows by trial, then by round.
  std::vector<std::int64_t> sorted_rows() const;

  // --- what is in one row ---
  std::int32_t trial(std::int64_t row) const;
  std::int32_t round(std::int64_t row) const;
  std::int64_t n_labeled(std::int64_t row) const;
  std::uint64_t weights_hash(std::int64_t row) const;     ///< 0 = not recorded
  double metric(std::int64_t row, std::size_t id) const;  ///< NaN where absent
  Slice<PickRecord> picks(std::int64_t row) const;        ///< in their order
  Slice<std::int64_t> confusion(std::int64_t row) const;  ///< [K, K], or empty
  Slice<double> calibration(std::int64_t row) const;      ///< [B, 3], or empty

 private:
  struct Block;
  const Block& block_of(std::int64_t row) const;
  std::size_t metric_id(const std::string& name);

  std::vector<std::shared_ptr<Block>> blocks_;
  std::vector<std::string> metric_names_;
  std::int64_t size_ = 0;
  std::size_t n_cells_ = 0;        // K * K, known from the first round that has a confusion matrix
  std::size_t n_calibration_ = 0;  // likewise
};

/// What differs between two records of the same round: "accuracy: 0.5 is stored, 0.6 came". Empty
/// if nothing but times does.
std::string difference(const RoundRecord& stored, const RoundRecord& came);

}  // namespace al_mpi
