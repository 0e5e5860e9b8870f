#include "shown_samples.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include "json_values.hpp"

#include <al_mpi/base/hash.hpp>

namespace al_mpi {
namespace {

using nlohmann::json;

constexpr std::size_t most_picture_bytes = 1'150'000;  // of all PNG files: 1.5 MB as base64
constexpr std::size_t most_tile_bytes = 450'000;       // of them for predictions
constexpr std::size_t most_map_picks = 60'000;         // about 0.3 MB

/// The trial that stands for its strategy and initial set.
struct Shown {
  const StudyTrial* trial;
  const ResultsTables* file;
  std::string dataset;
  const TrialSpec* spec;
  std::size_t first_pick, end_pick;  ///< rows of the file's picks
};

/// The first trial with rounds of each cell, among files for which has(file) holds.
template <class Has>
std::vector<Shown> shown_trials(const Study& study, const Has& has) {
  std::vector<Shown> shown;
  for (const StudyTrial& trial : study.trials) {  // by group, initial set, strategy, seed
    const ResultsTables& file = study.files[trial.file];
    if (trial.n_rows == 0 || !has(file)) continue;
    const TrialSpec& spec = study.record(trial).spec;
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

/// What files of one data set share.
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

// --- gallery ---

/// The picks of one query: how many of each class, and those among the first that have a picture.
struct Batch {
  std::int32_t round = 0;
  std::int64_t labels = 0;
  std::size_t n = 0;
  std::map<std::int64_t, std::size_t> counts;                     ///< class -> picks
  std::vector<std::pair<std::int64_t, std::int64_t>> candidates;  ///< index, class; in their order
};

std::string picture_name(std::int64_t index) {
  return fmt::format("pool-{}", index);
}

/// The first query and the last one; one of them where they are the same.
std::vector<Batch> batches_of(const Shown& shown) {
  const auto& picks = shown.file->picks;
  std::vector<Batch> batches;
  if (shown.first_pick == shown.end_pick) return batches;
  const std::int32_t last = picks.round[shown.end_pick - 1];
  for (const std::int32_t round : std::set<std::int32_t>{std::min(1, last), last}) {
    Batch batch;
    batch.round = round;
    batch.labels = labels_after(shown, round);
    for (std::size_t i = shown.first_pick; i < shown.end_pick; ++i) {
      if (picks.round[i] != round) continue;
      ++batch.n;
      ++batch.counts[picks.label[i]];
      if (shown.file->pictures.count(picture_name(picks.index[i])) > 0)
        batch.candidates.emplace_back(picks.index[i], picks.label[i]);
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

class Gallery {
 public:
  Gallery(const Study& study, std::size_t most_bytes)
      : shown_(shown_trials(study, [](const ResultsTables& f) { return !f.pictures.empty(); })) {
    for (const Shown& shown : shown_) {
      batches_.push_back(batches_of(shown));
      for (const Batch& batch : batches_.back()) kept_ = std::max(kept_, batch.candidates.size());
    }
    used_ = kept_;
    while (used_ > 0 && n_bytes() > most_bytes) --used_;
  }

  void add_to(json& data) const {
    json& entries = data["gallery"] = json::array();
    for (std::size_t i = 0; i < shown_.size(); ++i) {
      json entry = head(shown_[i]);
      entry["pictures"] = data_key(*shown_[i].file);
      for (const Batch& batch : batches_[i]) {
        entry["batches"].push_back(batch_json(batch, *shown_[i].file));
      }
      if (used_ > 0 && entry.contains("batches")) entries.push_back(std::move(entry));
    }
    each_used([&](const ResultsTables& file, const std::string& name, const std::string& png) {
      json& picture = data["pictures"][data_key(file)][name];
      if (picture.is_null()) picture = base64(png);
    });
    if (used_ == kept_) return;
    data["notes"].push_back(
        fmt::format("gallery: the first {} of {} kept pictures of each query are shown, so that "
                    "this page stays "
                    "small (the results file holds the others)",
                    used_, kept_));
  }

 private:
  template <class Fn>
  void each_used(const Fn& fn) const {
    for (std::size_t i = 0; i < shown_.size(); ++i) {
      for (const Batch& batch : batches_[i]) {
        for (std::size_t k = 0; k < std::min(used_, batch.candidates.size()); ++k) {
          const std::string name = picture_name(batch.candidates[k].first);
          fn(*shown_[i].file, name, shown_[i].file->pictures.at(name));
        }
      }
    }
  }

  std::size_t n_bytes() const {
    std::set<std::pair<std::string, std::string>> counted;
    std::size_t sum = 0;
    each_used([&](const ResultsTables& file, const std::string& name, const std::string& png) {
      if (counted.emplace(data_key(file), name).second) sum += png.size();
    });
    return sum;
  }

  json batch_json(const Batch& batch, const ResultsTables& file) const {
    json classes = json::array();
    for (const auto& [label, count] : batch.counts) {
      json shown = json::array();
      for (std::size_t k = 0; k < std::min(used_, batch.candidates.size()); ++k) {
        if (batch.candidates[k].second == label) shown.push_back(batch.candidates[k].first);
      }
      classes.push_back({{"name", name_of(label, file)}, {"n", count}, {"shown", shown}});
    }
    return {{"round", batch.round}, {"labels", batch.labels}, {"n", batch.n}, {"classes", classes}};
  }

  static std::string name_of(std::int64_t label, const ResultsTables& file) {
    const auto number = static_cast<std::size_t>(label);
    if (label < 0) return "";
    return number < file.class_names.size() ? file.class_names[number]
                                            : fmt::format("class {}", label);
  }

  std::vector<Shown> shown_;
  std::vector<std::vector<Batch>> batches_;  ///< [shown]
  std::size_t kept_ = 0, used_ = 0;          ///< most pictures of a query: in the file, on the page
};

// --- tiles of a segmentation ---

/// Test tiles that a trial's network was tried on, by their numbers.
std::vector<std::int64_t> tiles_of(const Shown& shown) {
  std::vector<std::int64_t> tiles;
  const std::string prefix = fmt::format("trial-{}-test-", shown.trial->trial);
  const auto& pictures = shown.file->pictures;
  for (auto it = pictures.lower_bound(prefix); it != pictures.end(); ++it) {
    if (it->first.compare(0, prefix.size(), prefix) != 0) break;
    const std::string rest = it->first.substr(prefix.size());  // "3-prediction"
    if (rest.find("-prediction") == std::string::npos) continue;
    tiles.push_back(std::strtoll(rest.c_str(), nullptr, 10));
  }
  std::sort(tiles.begin(), tiles.end());
  return tiles;
}

/// Predictions of as many test tiles as the page has room for.
class Tiles {
 public:
  Tiles(const Study& study, std::size_t most_bytes)
      : shown_(shown_trials(study, [](const ResultsTables& f) { return !f.pictures.empty(); })) {
    for (const Shown& shown : shown_) {
      tiles_.push_back(tiles_of(shown));
      kept_ = std::max(kept_, tiles_.back().size());
    }
    used_ = kept_;
    while (used_ > 0 && n_bytes() > most_bytes) --used_;
  }

  void add_to(json& data) const {
    json& entries = data["tiles"] = json::array();
    for (std::size_t i = 0; i < shown_.size(); ++i) {
      if (used_ == 0 || tiles_[i].empty()) continue;
      json entry = head(shown_[i]);
      entry["pictures"] = data_key(*shown_[i].file);
      entry["classes"] = shown_[i].file->class_names;
      entry["tiles"] = json::array();
      each_used(i, [&](std::int64_t tile) {
        json pair = {{"index", tile}};
        for (const char* what : {"prediction", "entropy"}) {
          pair[what] = base64(picture(shown_[i], of_trial(shown_[i], tile, what)));
        }
        entry["tiles"].push_back(std::move(pair));
        for (const std::string& name : of_tile(tile)) {
          json& shared = data["pictures"][data_key(*shown_[i].file)][name];
          if (shared.is_null()) shared = base64(picture(shown_[i], name));
        }
      });
      entries.push_back(std::move(entry));
    }
    if (used_ == kept_) return;
    data["notes"].push_back(fmt::format(
        "predictions: {} of {} kept test tiles are shown, so that this page stays small (the "
        "results file holds the others)",
        used_, kept_));
  }

  /// Of the PNG files on the page.
  std::size_t n_bytes() const {
    std::set<std::pair<std::string, std::string>> counted;
    std::size_t sum = 0;
    for (std::size_t i = 0; i < shown_.size(); ++i) {
      each_used(i, [&](std::int64_t tile) {
        for (const char* what : {"prediction", "entropy"}) {
          sum += picture(shown_[i], of_trial(shown_[i], tile, what)).size();
        }
        for (const std::string& name : of_tile(tile)) {
          const bool is_new = counted.emplace(data_key(*shown_[i].file), name).second;
          if (is_new) sum += picture(shown_[i], name).size();
        }
      });
    }
    return sum;
  }

 private:
  template <class Fn>
  void each_used(std::size_t i, const Fn& fn) const {
    for (std::size_t k = 0; k < std::min(used_, tiles_[i].size()); ++k) fn(tiles_[i][k]);
  }

  static std::array<std::string, 2> of_tile(std::int64_t tile) {
    return {fmt::format("test-{}", tile), fmt::format("test-{}-label", tile)};
  }
  static std::string of_trial(const Shown& shown, std::int64_t tile, const char* what) {
    return fmt::format("trial-{}-test-{}-{}", shown.trial->trial, tile, what);
  }
  static const std::string& picture(const Shown& shown, const std::string& name) {
    static const std::string none;
    const auto found = shown.file->pictures.find(name);
    return found == shown.file->pictures.end() ? none : found->second;
  }

  std::vector<Shown> shown_;
  std::vector<std::vector<std::int64_t>> tiles_;  ///< [shown]
  std::size_t kept_ = 0, used_ = 0;  ///< most tiles of a trial: in the file, on the page
};

// --- map ---

/// The points of one map, with rows for the picks that are shown.
struct Points {
  const ResultsTables* file = nullptr;         ///< the first one of this data set
  std::map<std::int64_t, std::size_t> row_of;  ///< index -> row
  std::vector<double> x, y;
  std::vector<std::int64_t> label;

  void add(const ResultsTables::Map& map, std::size_t i) {
    if (!row_of.emplace(map.index[i], x.size()).second) return;
    x.push_back(map.x[i]);
    y.push_back(map.y[i]);
    label.push_back(map.label[i]);
  }
};

/// Of all points x, y (0 .. 1000, the same scale for both) and class.
json points_json(const Points& points) {
  const auto [left, right] = std::minmax_element(points.x.begin(), points.x.end());
  const auto [low, high] = std::minmax_element(points.y.begin(), points.y.end());
  const double span = std::max({*right - *left, *high - *low, 1e-12});
  json flat = json::array();
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    flat.push_back(std::lround(1000 * (points.x[i] - *left) / span));
    flat.push_back(std::lround(1000 * (points.y[i] - *low) / span));
    flat.push_back(points.label[i]);
  }
  const ResultsTables::Map& map = points.file->map;
  return {{"embeddings", map.embeddings},
          {"shares", {number(map.shares[0]), number(map.shares[1])}},
          {"n_even", map.n_even},
          {"height", std::lround(1000 * (*high - *low) / span)},
          {"width", std::lround(1000 * (*right - *left) / span)},
          {"classes", points.file->class_names},
          {"points", std::move(flat)}};
}

void add_maps(const Study& study, json& data) {
  const std::vector<Shown> shown =
      shown_trials(study, [](const ResultsTables& file) { return !file.map.index.empty(); });
  std::size_t n_picks = 0;
  for (const Shown& s : shown) n_picks += s.end_pick - s.first_pick;
  const std::size_t every =
      std::max<std::size_t>(1, (n_picks + most_map_picks - 1) / most_map_picks);
  std::map<std::string, Points> maps;
  json& entries = data["map_picks"] = json::array();
  for (const Shown& s : shown) {
    const ResultsTables::Map& map = s.file->map;
    const std::string key = data_key(*s.file) + " " + map.embeddings;
    Points& points = maps[key];
    if (points.file == nullptr) {
      points.file = s.file;
      for (std::size_t i = 0; i < static_cast<std::size_t>(map.n_even); ++i) points.add(map, i);
    }
    std::map<std::int64_t, std::size_t> row_in_file;
    for (std::size_t i = 0; i < map.index.size(); ++i) row_in_file.emplace(map.index[i], i);
    json entry = head(s);
    entry["map"] = key;
    entry["labels"] = entry["rounds"] = json::array();
    const auto& picks = s.file->picks;
    for (std::size_t i = s.first_pick, k = 0; i < s.end_pick; ++i) {
      const auto round = static_cast<std::size_t>(picks.round[i]);
      while (entry["rounds"].size() <= round) {
        const auto next = static_cast<std::int32_t>(entry["rounds"].size());
        entry["labels"].push_back(labels_after(s, next));
        entry["rounds"].push_back(json::array());
      }
      const auto found = row_in_file.find(picks.index[i]);
      if (k++ % every != 0 || found == row_in_file.end()) continue;
      points.add(map, found->second);
      entry["rounds"][round].push_back(points.row_of.at(picks.index[i]));
    }
    if (!entry["rounds"].empty()) entries.push_back(std::move(entry));
  }
  for (const auto& [key, points] : maps) data["maps"][key] = points_json(points);
  if (every > 1) {
    data["notes"].push_back(
        fmt::format("map: every {}{} pick is drawn, so that this page stays small", every,
                    every == 2   ? "nd"
                    : every == 3 ? "rd"
                                 : "th"));
  }
}

}  // namespace

json shown_samples(const Study& study) {
  json data = {{"pictures", json::object()}, {"maps", json::object()}, {"notes", json::array()}};
  const Tiles tiles(study, most_tile_bytes);
  Gallery(study, most_picture_bytes - tiles.n_bytes()).add_to(data);
  tiles.add_to(data);
  add_maps(study, data);
  return data;
}

}  // namespace al_mpi
