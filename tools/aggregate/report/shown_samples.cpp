#include "shown_samples.hpp"

#include <algorithm>

#include "shown_trials.hpp"
#include <al_mpi/base/hash.hpp>

namespace al_mpi {
namespace {

using nlohmann::json;

constexpr std::size_t most_picture_bytes = 1'150'000;  // of all PNG files: 1.5 MB as base64
constexpr std::size_t most_tile_bytes = 450'000;       // of them for predictions

}  // namespace

std::vector<Shown> shown_trials(const Study& study,
                                const std::function<bool(const ResultsTables&)>& has) {
  std::vector<Shown> shown;
  for (const StudyTrial& trial : study.trials) {  // by group, initial set, strategy, seed
    const ResultsTables& file = study.files[trial.file];
    if (trial.n_rows == 0 || !has(file)) continue;
    const TrialSpec& spec = study.record(trial).spec;
    if (spec.settings.count("query.region") > 0) continue;  // its samples are not the file's
    const std::string& dataset = study.groups[trial.group];
    if (!shown.empty() && shown.back().dataset == dataset && shown.back().spec->init == spec.init &&
        shown.back().spec->strategy == spec.strategy) {
      continue;
    }
    const auto& trials = file.picks.trial;
    const auto range =
        std::equal_range(trials.begin(), trials.end(), static_cast<std::int32_t>(trial.trial));
    shown.push_back({&trial, &file, dataset, &spec,
                     static_cast<std::size_t>(range.first - trials.begin()),
                     static_cast<std::size_t>(range.second - trials.begin())});
  }
  return shown;
}

std::string data_key(const ResultsTables& file) {
  const std::string fingerprint = file.attribute("dataset_fingerprint");
  return fingerprint.empty() ? to_hex(stable_hash(file.path)) : fingerprint;
}

json head(const Shown& shown) {
  return {{"dataset", shown.dataset},
          {"init", shown.spec->init},
          {"strategy", shown.spec->strategy},
          {"seed", shown.spec->seed}};
}

std::int64_t labels_after(const Shown& shown, std::int32_t round) {
  const auto row = shown.trial->first_row + static_cast<std::size_t>(round);
  return row < shown.file->rounds.n_labeled.size() ? shown.file->rounds.n_labeled[row] : 0;
}

json shown_samples(const Study& study) {
  json data = {{"pictures", json::object()}, {"maps", json::object()}, {"notes", json::array()}};
  const std::size_t of_tiles = add_tiles(study, most_tile_bytes, data);
  add_gallery(study, most_picture_bytes - of_tiles, data);
  add_maps(study, data);
  return data;
}

}  // namespace al_mpi
