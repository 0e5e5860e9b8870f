#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

/// A results file in memory, as columns (a million rounds stay under 1 GiB).
struct ResultsTables {
  std::string path;
  std::map<std::string, std::string> attributes;  ///< every text attribute of "/"
  bool complete = false;
  std::string task;
  std::vector<std::string> class_names;
  std::vector<TrialRecord> trials;  ///< index = trial

  struct Rounds {  ///< one entry a (trial, round), sorted by both
    std::vector<std::int32_t> trial, round;
    std::vector<std::int64_t> n_labeled;
    std::map<std::string, std::vector<double>> metrics;  ///< "accuracy" -> column
    std::vector<std::uint64_t> weights_hash;             ///< 0 = not recorded
  } rounds;

  struct Picks {  ///< sorted by trial, round, order
    std::vector<std::int32_t> trial, round, order;
    std::vector<std::int64_t> index, label;
    std::vector<double> score;
  } picks;

  /// [n_rounds, K, K], same rows as `rounds`; empty if not read.
  std::vector<std::int64_t> confusion;

  /// [n_rounds, n_bins, 3], same rows as `rounds` (RoundRecord::calibration; zeros where a round
  /// has none); empty if no round has any.
  std::vector<double> calibration;

  /// PNG files by their names (docs/formats.md, "Pictures"); empty if not read.
  std::map<std::string, std::string> pictures;

  /// Samples of the pool in the plane in which their embeddings vary most; empty if not read.
  struct Map {
    std::string embeddings;                 ///< which ones, in words
    std::array<double, 2> shares = {0, 0};  ///< of the variance, along x and y
    /// The first n_even samples are spread evenly over the pool; then come picked ones.
    std::int64_t n_even = 0;
    std::vector<std::int64_t> index, label;  ///< of the pool; its class (-1: none)
    std::vector<double> x, y;
  } map;

  struct Attempt {  ///< one start of a trial
    std::int32_t trial = 0, attempt = 0, rank = 0;
    std::string host, device, outcome, message;  ///< outcome: done, failed, interrupted, running
    double started = 0.0, seconds = 0.0;
  };
  std::vector<Attempt> attempts;

  /// The text of an attribute; empty where there is none.
  std::string attribute(const std::string& name) const {
    const auto found = attributes.find(name);
    return found == attributes.end() ? "" : found->second;
  }
};

struct ReadWhat {
  bool picks = true;
  bool confusion = true;                    ///< and calibration
  bool pictures = false;                    ///< and the map
  std::int64_t most_confusion = INT64_MAX;  ///< numbers; a file that holds more is read without
};

/// Reads NAME.h5. Throws DataError: missing, truncated, foreign.
ResultsTables read_results(const std::string& path, const ReadWhat& what = {});

/// Writes tables as a results file (temporary + fsync + rename), e.g. an imported log, whose
/// weights_hash may be empty.
void write_results(const std::string& path, const ResultsTables& tables);

}  // namespace al_mpi
