#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <al_mpi/results/reader.hpp>
#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

/// Rounds in the order they arrived, held as columns in blocks. Full blocks never change and are
/// shared between copies, so copying a log of a million rounds for the snapshot takes microseconds.
class RoundLog {
 public:
  RoundLog() = default;
  RoundLog(const RoundLog& other);
  RoundLog(RoundLog&&) = default;
  RoundLog& operator=(RoundLog&&) = default;
  ~RoundLog() = default;

  /// Returns the row. Throws DataError if the confusion matrix has another size than those before,
  /// or a number is out of range.
  std::int64_t add(int trial, const RoundRecord& record);

  std::int64_t size() const { return size_; }
  RoundRecord record(std::int64_t row) const;  ///< without key and attempt

  /// Rounds, picks and confusion matrices, sorted by trial and round.
  void fill(ResultsTables& tables) const;

 private:
  struct Block;
  const Block& block_of(std::int64_t row) const;
  std::vector<std::int64_t> sorted_rows() const;
  std::size_t metric_id(const std::string& name);

  std::vector<std::shared_ptr<Block>> blocks_;
  std::vector<std::string> metric_names_;
  std::int64_t size_ = 0;
  std::size_t n_cells_ = 0;  // K * K, known from the first round that has a confusion matrix
};

/// What differs between two records of the same round: "accuracy: 0.5 is stored, 0.6 came". Empty
/// if nothing but times does.
std::string difference(const RoundRecord& stored, const RoundRecord& came);

}  // namespace al_mpi
