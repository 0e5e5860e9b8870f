#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include "tools/aggregate/study/study.hpp"

namespace al_mpi {

/// The trial that stands for its strategy and initial set where single samples are shown.
struct Shown {
  const StudyTrial* trial;
  const ResultsTables* file;
  std::string dataset;
  const TrialSpec* spec;
  std::size_t first_pick, end_pick;  ///< rows of the file's picks
};

/// Of each cell the trial of the lowest seed that has rounds, among files for which has(file)
/// holds; none of trials whose own settings say what a sample is.
std::vector<Shown> shown_trials(const Study& study,
                                const std::function<bool(const ResultsTables&)>& has);

/// What files of one data set share.
std::string data_key(const ResultsTables& file);

/// Data set, initial set, strategy and seed, as the page has them.
nlohmann::json head(const Shown& shown);

std::int64_t labels_after(const Shown& shown, std::int32_t round);

/// Adds "gallery" to the page's data, and its pictures, of at most `most_bytes` bytes.
void add_gallery(const Study& study, std::size_t most_bytes, nlohmann::json& data);

/// Adds "tiles" to the page's data, and their pictures. Returns their bytes, at most `most_bytes`.
std::size_t add_tiles(const Study& study, std::size_t most_bytes, nlohmann::json& data);

/// Adds "maps" and "map_picks" to the page's data.
void add_maps(const Study& study, nlohmann::json& data);

}  // namespace al_mpi
