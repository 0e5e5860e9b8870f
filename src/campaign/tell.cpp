#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include <fmt/ranges.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>
#include <al_mpi/base/text.hpp>
#include <al_mpi/campaign/answers_file.hpp>
#include <al_mpi/campaign/campaign.hpp>

namespace al_mpi {
namespace {

class Telling {
 public:
  Telling(Campaign& campaign, const TellRequest& request,
          const std::function<void(const std::string&)>& list)
      : campaign_(campaign), request_(request), list_(list), classes_(campaign.answers().classes) {}

  TellSummary run() {
    std::vector<Answer> answers = read_answers(request_.answers);
    if (answers.empty()) {
      throw DataError(request_.answers, "", "holds no answer (no tile has a class or 'skip')");
    }
    for (Answer& answer : answers) {
      if (answer.annotator.empty()) answer.annotator = request_.annotator;
    }
    refuse_unknown_tiles(answers);
    add_new_classes(answers);
    for (const Answer& answer : answers) take(answer);
    refuse_contradictions();
    if (!told_.empty()) {
      campaign_.add(told_, new_classes_,
                    std::filesystem::path(request_.answers).filename().string());
    }
    count_not_asked();
    summary_.n_open = campaign_.n_open();
    return summary_;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw DataError(request_.answers, "", problem);
  }

  void refuse_unknown_tiles(const std::vector<Answer>& answers) const {
    std::vector<std::string> unknown;
    for (const Answer& answer : answers) {
      if (campaign_.index_of().count(answer.name) == 0) unknown.push_back("'" + answer.name + "'");
    }
    if (unknown.empty()) return;
    fail(
        fmt::format("{} answers are about tiles that the pool does not have: {}; nothing was "
                    "taken",
                    unknown.size(), first_three(unknown)));
  }

  void add_new_classes(const std::vector<Answer>& answers) {
    const auto accepted = class_names(request_.new_classes, "--new-classes");
    std::map<std::string, int> unknown;
    for (const Answer& answer : answers) {
      if (answer.skip || is_class(answer.label)) continue;
      if (std::find(accepted.begin(), accepted.end(), answer.label) == accepted.end()) {
        ++unknown[answer.label];
      } else {
        new_classes_.push_back(answer.label);
        classes_.push_back(answer.label);
      }
    }
    if (unknown.empty()) return;
    std::vector<std::string> texts, names;
    for (const auto& [name, n] : unknown) {
      const std::string near = nearest_name(name, classes_);
      texts.push_back(fmt::format("'{}' ({} answers{})", name, n,
                                  near.empty() ? "" : fmt::format(", did you mean '{}'?", near)));
      names.push_back(name);
    }
    fail(
        fmt::format("names classes that the campaign does not have: {} (known: {}); nothing was "
                    "taken; --new-classes \"{}\" adds them",
                    fmt::join(texts, ", "),
                    classes_.empty() ? "none" : fmt::format("{}", fmt::join(classes_, ", ")),
                    fmt::join(names, ",")));
  }

  bool is_class(const std::string& name) const {
    return std::find(classes_.begin(), classes_.end(), name) != classes_.end();
  }

  std::string text_of(std::int64_t label) const {
    return label < 0 ? "skip" : classes_.at(static_cast<std::size_t>(label));
  }

  void take(const Answer& answer) {
    const std::int64_t index = campaign_.index_of().at(answer.name);
    const std::int64_t label =
        answer.skip ? -1
                    : std::find(classes_.begin(), classes_.end(), answer.label) - classes_.begin();
    const auto [in_file, is_first] = seen_[answer.annotator].emplace(index, label);
    if (!is_first) {
      if (in_file->second == label) return;
      contradictions_.push_back(fmt::format("{}: {} says {} and {} in the same file", answer.name,
                                            answer.annotator, text_of(in_file->second),
                                            text_of(label)));
      twice_ = true;
      return;
    }
    if (label < 0) ++summary_.n_skipped;
    const auto& told = campaign_.answers().by_annotator;
    const auto by = told.find(answer.annotator);
    const bool before = by != told.end() && by->second.count(index) > 0;
    if (before && by->second.at(index) == label) {
      ++summary_.n_same;
      return;
    }
    told_[answer.annotator][index] = label;
    ++(before ? summary_.n_changed : summary_.n_new);
    // A class for a tile that was skipped before contradicts nothing.
    if (before && by->second.at(index) >= 0) {
      contradictions_.push_back(fmt::format("{}: {} said {} before, now {}", answer.name,
                                            answer.annotator, text_of(by->second.at(index)),
                                            text_of(label)));
    }
  }

  void refuse_contradictions() const {
    for (const std::string& line : contradictions_) list_(line);
    if (twice_) {
      fail(fmt::format("contradicts itself (contradictions: {}, listed above); nothing was taken",
                       contradictions_.size()));
    }
    if (contradictions_.empty() || request_.accept) return;
    fail(
        fmt::format("contradicts {} earlier answers, listed above; nothing was taken (--accept "
                    "takes the new ones, --annotator NAME says that another person answered)",
                    contradictions_.size()));
  }

  void count_not_asked() {
    const std::set<std::int64_t> asked = campaign_.asked();
    for (const auto& [annotator, of_tile] : seen_) {
      for (const auto& [index, label] : of_tile) summary_.n_not_asked += asked.count(index) == 0;
    }
  }

  Campaign& campaign_;
  const TellRequest& request_;
  const std::function<void(const std::string&)>& list_;
  std::vector<std::string> classes_, new_classes_;
  std::map<std::string, std::map<std::int64_t, std::int64_t>> seen_, told_;
  std::vector<std::string> contradictions_;
  bool twice_ = false;
  TellSummary summary_;
};

}  // namespace

TellSummary tell(Campaign& campaign, const TellRequest& request,
                 const std::function<void(const std::string&)>& list) {
  return Telling(campaign, request, list).run();
}

std::vector<Agreement> agreements(const CampaignAnswers& answers) {
  std::vector<Agreement> all;
  const auto& by = answers.by_annotator;
  for (auto first = by.begin(); first != by.end(); ++first) {
    for (auto second = std::next(first); second != by.end(); ++second) {
      Agreement pair{first->first, second->first, 0, 0, NAN};
      std::map<std::int64_t, double> of_first, of_second;
      for (const auto& [index, label] : first->second) {
        const auto other = second->second.find(index);
        if (label < 0 || other == second->second.end() || other->second < 0) continue;
        ++pair.n;
        pair.n_equal += label == other->second;
        ++of_first[label];
        ++of_second[other->second];
      }
      if (pair.n == 0) continue;
      const auto n = static_cast<double>(pair.n);
      double by_chance = 0;
      for (const auto& [label, count] : of_first) by_chance += count / n * of_second[label] / n;
      const double equal = static_cast<double>(pair.n_equal) / n;
      if (by_chance < 1) pair.kappa = (equal - by_chance) / (1 - by_chance);
      all.push_back(pair);
    }
  }
  return all;
}

}  // namespace al_mpi
