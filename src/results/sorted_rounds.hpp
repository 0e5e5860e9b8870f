#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "round_log.hpp"
#include <al_mpi/io/row_source.hpp>

namespace al_mpi {

/// A log's rounds, picks and confusion matrices as the results file has them: sorted by trial and
/// round, made while they are written. The log has to stay as it is meanwhile.
class SortedRounds {
 public:
  explicit SortedRounds(const RoundLog& log) : log_(log), rows_(log.sorted_rows()) {}

  std::size_t size() const { return rows_.size(); }
  const RoundLog& log() const { return log_; }
  const std::vector<std::int64_t>& rows() const { return rows_; }  ///< of the log, in this order

  /// get(row of the log) for every round.
  template <class T, class Get>
  RowSource<T> rounds(Get get) const {
    return each_row<T>([this, get](std::size_t i) { return get(rows_[i]); });
  }

  struct Pick {
    std::int32_t trial, round, order;
    const PickRecord& record;
  };
  /// get(Pick) for every pick.
  template <class T, class Get>
  RowSource<T> picks(Get get) const;

  /// [K, K] a round, zeros where it came without.
  RowSource<std::int64_t> confusion() const;
  /// [B, 3] a round, zeros where it came without.
  RowSource<double> calibration() const;

  /// [K] a round: what was labelled up to it, by class. Every label has to be 0 .. K-1.
  RowSource<std::int64_t> labeled_classes(std::size_t n_classes) const;

 private:
  const RoundLog& log_;
  std::vector<std::int64_t> rows_;
};

template <class T, class Get>
RowSource<T> SortedRounds::picks(Get get) const {
  return [this, get, i = std::size_t{0}, order = std::size_t{0}, values = std::vector<T>()](
             std::size_t, std::size_t count) mutable {
    values.resize(count);
    for (std::size_t done = 0; done < count;) {  // a round's picks may go on in the next chunk
      const std::int32_t trial = log_.trial(rows_[i]), round = log_.round(rows_[i]);
      const Slice<PickRecord> picks = log_.picks(rows_[i]);
      const std::size_t end = std::min(picks.n, order + count - done);
      for (; order < end; ++order, ++done) {
        values[done] =
            get(Pick{trial, round, static_cast<std::int32_t>(order), picks.first[order]});
      }
      if (order < picks.n) break;
      ++i;
      order = 0;
    }
    return std::as_const(values).data();
  };
}

}  // namespace al_mpi
