#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include <al_mpi/results/reader.hpp>

namespace al_mpi {

struct ImportOptions {
  std::string name;  ///< of the study; empty: the file's name
  std::string metric = "accuracy";
  std::int64_t n_init = 32;                ///< labels of round 0
  std::int64_t n_query = 32;               ///< labels bought a round
  std::vector<std::string> classes;        ///< names, where known
  std::vector<std::int64_t> class_counts;  ///< samples of each class in the pool, where known
};

struct ImportedLog {
  ResultsTables tables;
  std::vector<std::string>
      notes;  ///< doubled, incomplete, interleaved, restarted runs and bad lines
};

/// Reads the published study's log. It has a line `Strategy_init,seed,uuid,value` for each round;
/// rounds are numbered in the order of their lines within a uuid. A second uuid of the same
/// strategy, init and seed is a restarted run: the run with more rounds is kept (the first of two
/// with equally many), and runs are never averaged. Runs with fewer rounds than the longest one are
/// unfinished (state pending). Blank lines, a byte order mark, a first line with names of columns,
/// spaces around fields and commas at a line's end are passed over. Names that are in no catalogue
/// are kept, and noted. Throws DataError with the line's number for a line of another form, and for
/// a log without lines.
ImportedLog import_log(std::istream& stream, const std::string& path,
                       const ImportOptions& options = {});
ImportedLog import_log(const std::string& path, const ImportOptions& options = {});

}  // namespace al_mpi
