#include "shown_trials.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <utility>

#include <fmt/format.h>
#include "json_values.hpp"

namespace al_mpi {
namespace {

using nlohmann::json;

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

}  // namespace

std::size_t add_tiles(const Study& study, std::size_t most_bytes, json& data) {
  const Tiles tiles(study, most_bytes);
  tiles.add_to(data);
  return tiles.n_bytes();
}

}  // namespace al_mpi
