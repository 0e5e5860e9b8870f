#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace al_mpi {

/// Rows of numbers that a long job has finished, kept on disk so that a killed job goes on: one
/// file of records, each with a checksum, appended to and never changed.
class PartialRows {
 public:
  /// Reads the rows in `path` that were made with the same `settings` (one line); anything else in
  /// the file is dropped. Throws DataError if it cannot be written.
  PartialRows(const std::string& path, const std::string& settings);

  bool has(const std::string& split, std::int64_t first) const;
  const std::vector<float>& rows(const std::string& split, std::int64_t first) const;
  std::size_t size() const { return records_.size(); }

  /// Appends rows that begin at `first`; they survive a kill of this process from then on.
  void add(const std::string& split, std::int64_t first, std::vector<float> values);

  void remove();  ///< the file, once its rows are safe elsewhere

 private:
  using Key = std::pair<std::string, std::int64_t>;
  std::int64_t read_old(const std::string& settings);  ///< length of the sound part [bytes]

  std::string path_;
  std::map<Key, std::vector<float>> records_;
  std::ofstream out_;
};

}  // namespace al_mpi
