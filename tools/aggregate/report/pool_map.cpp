#include "shown_trials.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>
#include "json_values.hpp"

namespace al_mpi {
namespace {

using nlohmann::json;

constexpr std::size_t most_map_picks = 60'000;  // about 0.3 MB

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

}  // namespace

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

}  // namespace al_mpi
