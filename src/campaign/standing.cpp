#include <al_mpi/campaign/standing.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "predicted.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/campaign/answers_file.hpp>

namespace al_mpi {
namespace {

void count_answers(const Campaign& campaign, Standing& standing) {
  const CampaignAnswers& answers = campaign.answers();
  standing.n_tiles = campaign.pool()->train().n;
  const std::set<std::int64_t> held_out(campaign.held_out().begin(), campaign.held_out().end());
  for (const std::string& name : answers.classes) standing.classes.push_back({name, 0, 0});
  for (std::int64_t i = 0; i < standing.n_tiles; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const std::int64_t label = answers.labels[at];
    standing.n_skipped += answers.skipped[at];
    if (label < 0) continue;
    ++standing.n_labeled;
    ClassStanding& of_class = standing.classes.at(static_cast<std::size_t>(label));
    ++(held_out.count(i) > 0 ? of_class.n_held_out : of_class.n_trained);
  }
  standing.n_disputed = static_cast<std::int64_t>(answers.disputed.size());
  standing.n_asked = static_cast<std::int64_t>(campaign.asked().size());
  standing.n_open = campaign.n_open();
  if (campaign.rounds().empty()) return;
  for (const Question& question : campaign.rounds().back().questions) {
    standing.n_next += !question.held_out;
  }
}

void add_rounds(const Campaign& campaign, Standing& standing) {
  std::vector<std::int64_t> before;
  for (const CampaignRound& round : campaign.rounds()) {
    if (!round.trained) continue;
    RoundStanding row{round.round, round.n_labeled, round.n_tested, {}, NAN, NAN};
    const std::size_t n_classes = round.classes.size();
    std::int64_t n_correct = 0;
    for (std::size_t k = 0; k < n_classes && !round.confusion.empty(); ++k) {
      n_correct += round.confusion.at(k * n_classes + k);
    }
    row.accuracy = wilson(n_correct, round.n_tested, 0.95);
    if (!standing.rounds.empty()) {
      row.gain = row.accuracy.share - standing.rounds.back().accuracy.share;
    }
    auto now = predicted_classes(campaign, round);
    if (!before.empty() && now.size() == before.size()) {
      std::int64_t n_changed = 0;
      for (std::size_t i = 0; i < now.size(); ++i) n_changed += now[i] != before[i];
      row.changed = static_cast<double>(n_changed) / static_cast<double>(now.size());
    }
    if (!now.empty()) before = std::move(now);
    standing.rounds.push_back(row);
  }
}

void judge(Standing& standing, double least_gain) {
  std::vector<double> n, error;
  std::set<std::int64_t> sizes;
  for (const RoundStanding& round : standing.rounds) {
    if (round.n_tested == 0) continue;
    n.push_back(static_cast<double>(round.n_labeled));
    // No error among few answers is not none at all.
    error.push_back(std::max(1 - round.accuracy.share, 0.5 / static_cast<double>(round.n_tested)));
    sizes.insert(round.n_labeled);
  }
  standing.expected_gain = NAN;
  if (standing.n_next == 0 && !standing.rounds.empty()) {
    standing.verdict = "No tile is left to ask for.";
    return;
  }
  if (sizes.size() < 3) {
    standing.verdict =
        "Too early to say whether another round is worth it: that takes three rounds measured on "
        "held-out answers (training.validation).";
    return;
  }
  const PowerLaw law = power_law(n, error);
  standing.expected_gain =
      law.at(n.back()) - law.at(n.back() + static_cast<double>(standing.n_next));
  const Proportion& last = standing.rounds.back().accuracy;
  standing.verdict = fmt::format(
      "Another round of {} labels is expected to bring {:+.1f} points of accuracy (a power law "
      "through {} rounds; one round's accuracy is known to {:.1f} points): {}.",
      standing.n_next, 100 * standing.expected_gain, n.size(), 50 * (last.high - last.low),
      standing.expected_gain >= least_gain
          ? fmt::format("worth it, if {:.1f} points are", 100 * least_gain)
          : fmt::format("not worth it, if {:.1f} points are wanted", 100 * least_gain));
}

}  // namespace

std::string percent(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:.1f} %", 100 * share);
}

std::string points(double gain) {
  return std::isnan(gain) ? "-" : fmt::format("{:+.1f}", 100 * gain);
}

double PowerLaw::at(double n) const {
  return a * std::pow(n, -b);
}

PowerLaw power_law(const std::vector<double>& n, const std::vector<double>& error) {
  check(n.size() == error.size() && n.size() >= 2, "{} points", n.size());
  double mean_x = 0, mean_y = 0;
  const auto count = static_cast<double>(n.size());
  for (std::size_t i = 0; i < n.size(); ++i) {
    mean_x += std::log(n[i]) / count;
    mean_y += std::log(error[i]) / count;
  }
  double xy = 0, xx = 0;
  for (std::size_t i = 0; i < n.size(); ++i) {
    const double x = std::log(n[i]) - mean_x;
    xy += x * (std::log(error[i]) - mean_y);
    xx += x * x;
  }
  const double b = std::max(0.0, -xy / xx);
  return {std::exp(mean_y + b * mean_x), b};
}

std::vector<std::int64_t> predicted_classes(const Campaign& campaign, const CampaignRound& round) {
  const std::string path =
      (std::filesystem::path(campaign.round_folder(round.round)) / "predictions.csv").string();
  if (!round.trained || !std::filesystem::exists(path)) return {};
  std::vector<std::int64_t> all;  // its rows are in the order of the pool
  for (const Answer& row : read_answers(path)) {
    const auto found = std::find(round.classes.begin(), round.classes.end(), row.label);
    all.push_back(found == round.classes.end() ? -1 : found - round.classes.begin());
  }
  return all;
}

Standing standing_of(const Campaign& campaign, double least_gain) {
  Standing standing;
  count_answers(campaign, standing);
  add_rounds(campaign, standing);
  judge(standing, least_gain);
  return standing;
}

}  // namespace al_mpi
