#include "sorted_rounds.hpp"

namespace al_mpi {

RowSource<std::int64_t> SortedRounds::confusion() const {
  return
      [this, values = std::vector<std::int64_t>()](std::size_t first, std::size_t count) mutable {
        const std::size_t n_cells = log_.n_cells();
        values.resize(count * n_cells);
        for (std::size_t i = 0; i < count; ++i) {
          std::int64_t* out = values.data() + i * n_cells;
          const Slice<std::int64_t> cells = log_.confusion(rows_[first + i]);
          std::fill(std::copy(cells.begin(), cells.end(), out), out + n_cells, 0);
        }
        return std::as_const(values).data();
      };
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
