#include "sorted_rounds.hpp"

namespace al_mpi {

namespace {

/// array_of(row) of each of `rows`: `size` numbers, zeros where there are none.
template <class T, class ArrayOf>
RowSource<T> arrays(const std::vector<std::int64_t>& rows, std::size_t size, ArrayOf array_of) {
  return [&rows, size, array_of, values = std::vector<T>()](std::size_t first,
                                                            std::size_t count) mutable {
    values.resize(count * size);
    for (std::size_t i = 0; i < count; ++i) {
      T* out = values.data() + i * size;
      const Slice<T> array = array_of(rows[first + i]);
      std::fill(std::copy(array.begin(), array.end(), out), out + size, T{0});
    }
    return std::as_const(values).data();
  };
}

}  // namespace

RowSource<std::int64_t> SortedRounds::confusion() const {
  return arrays<std::int64_t>(rows_, log_.n_cells(),
                              [this](std::int64_t row) { return log_.confusion(row); });
}

RowSource<double> SortedRounds::calibration() const {
  return arrays<double>(rows_, log_.n_calibration(),
                        [this](std::int64_t row) { return log_.calibration(row); });
}

RowSource<std::int64_t> SortedRounds::labeled_classes(std::size_t n_classes) const {
  return [this, n_classes, trial = -1, counts = std::vector<std::int64_t>(n_classes),
          values = std::vector<std::int64_t>()](std::size_t first, std::size_t count) mutable {
    values.resize(count * n_classes);
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t row = rows_[first + i];
      if (log_.trial(row) != trial) std::fill(counts.begin(), counts.end(), 0);
      trial = log_.trial(row);
      for (const PickRecord& pick : log_.picks(row)) ++counts[static_cast<std::size_t>(pick.label)];
      std::copy(counts.begin(), counts.end(), values.data() + i * n_classes);
    }
    return std::as_const(values).data();
  };
}

}  // namespace al_mpi
