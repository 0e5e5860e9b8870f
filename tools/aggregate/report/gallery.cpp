#include "shown_trials.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include "json_values.hpp"

namespace al_mpi {
namespace {

using nlohmann::json;

/// The picks of one query: how many of each class, and those among the first that have a picture.
struct Batch {
  std::int32_t round = 0;
  std::int64_t labels = 0;
  std::size_t n = 0;
  std::map<std::int64_t, std::size_t> counts;                    ///< class -> picks
  std::vector<std::pair<std::string, std::int64_t>> candidates;  ///< picture, class; in their order
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
      const std::string name = picture_name(picks.index[i]);
      if (shown.file->pictures.count(name) > 0) batch.candidates.emplace_back(name, picks.label[i]);
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
          const std::string& name = batch.candidates[k].first;
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

}  // namespace

void add_gallery(const Study& study, std::size_t most_bytes, json& data) {
  Gallery(study, most_bytes).add_to(data);
}

}  // namespace al_mpi
