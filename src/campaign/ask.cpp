#include <al_mpi/campaign/ask.hpp>

#include <algorithm>
#include <filesystem>
#include <set>

#include "question_files.hpp"
#include <al_mpi/base/csv.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/io/atomic_file.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

/// A round in the making.
class Asking {
 public:
  Asking(Campaign& campaign, const AskRequest& request)
      : campaign_(campaign), request_(request), answers_(campaign.answers()) {}

  void run(const TrialEvents& events) {
    round_.round = static_cast<int>(campaign_.rounds().size());
    round_.answers = answers_.hash();
    round_.settings = request_.settings;
    round_.classes = answers_.classes;
    sort_samples();
    round_.trained = n_classes_known() >= 2;
    if (!round_.trained) {  // one class teaches nothing: ask as at the beginning
      known_.left_out.insert(known_.left_out.end(), known_.labeled.begin(), known_.labeled.end());
      known_.labeled.clear();
    }
    TrialInput input = request_.input;
    round_.strategy = round_.trained ? input.spec.strategy : input.spec.init;
    input.dataset = dataset();
    const std::string folder = campaign_.round_folder(round_.round);
    std::error_code unmade;  // the network's file says so when it cannot be written
    fs::create_directories(folder, unmade);
    if (round_.trained) input.network_file = (fs::path(folder) / "trained.network").string();
    const auto n_trained = std::count_if(campaign_.rounds().begin(), campaign_.rounds().end(),
                                         [](const CampaignRound& r) { return r.trained; });
    const AskedRound asked = run_asked_round(input, known_, static_cast<int>(n_trained), events);
    take(asked);
    write_predictions(asked, (fs::path(folder) / "predictions.csv").string());
    write_file_atomically((fs::path(folder) / "config.yaml").string(), request_.configuration);
    campaign_.add(round_);
  }

 private:
  /// Which samples are trained on, measured on, and not to be asked for.
  void sort_samples() {
    const std::set<std::int64_t> held_out(campaign_.held_out().begin(), campaign_.held_out().end());
    std::set<std::int64_t> placed;
    const auto place = [&](std::int64_t index) {
      const auto at = static_cast<std::size_t>(index);
      if (!placed.insert(index).second) return;
      const bool labeled = answers_.labels[at] >= 0;
      if (held_out.count(index) > 0) {
        (labeled ? known_.held_out : known_.left_out).push_back(index);
      } else if (labeled) {
        known_.labeled.push_back(index);
      } else if (answers_.skipped[at] || is_disputed(index)) {
        known_.left_out.push_back(index);
      }
    };
    // The order in which tiles were asked for is the order of a sweep's labelled set.
    for (const std::int64_t index : campaign_.held_out()) place(index);
    for (const CampaignRound& round : campaign_.rounds()) {
      for (const Question& question : round.questions) place(question.index);
    }
    for (std::int64_t i = 0; i < campaign_.pool()->train().n; ++i) place(i);
  }

  bool is_disputed(std::int64_t index) const {
    return std::find(answers_.disputed.begin(), answers_.disputed.end(), index) !=
           answers_.disputed.end();
  }

  std::size_t n_classes_known() const {
    std::set<std::int64_t> classes;
    for (const std::int64_t index : known_.labeled) {
      classes.insert(answers_.labels[static_cast<std::size_t>(index)]);
    }
    return classes.size();
  }

  std::shared_ptr<const Dataset> dataset() const {
    std::vector<std::string> classes = answers_.classes;
    while (classes.size() < 2) classes.push_back("");  // a network has two at least
    return relabeled(campaign_.pool(), classes, answers_.labels,
                     round_.trained ? known_.held_out : Indices{});
  }

  void take(const AskedRound& asked) {
    round_.n_labeled = static_cast<std::int64_t>(known_.labeled.size());
    round_.n_tested = round_.trained ? static_cast<std::int64_t>(known_.held_out.size()) : 0;
    for (const auto& [name, value] : asked.record.metrics) round_.metrics[name] = value;
    if (round_.n_tested > 0) round_.confusion = asked.record.confusion;
    round_.weights_hash = asked.record.weights_hash;
    // Held-out tiles are shown without a suggestion: what a network says sways people.
    for (const std::int64_t index : campaign_.held_out()) {
      if (!answers_.is_open(index) || is_disputed(index)) continue;
      round_.questions.push_back({index, true, 0, "", 0});
    }
    for (const PickRecord& pick : asked.next_picks) {
      Question question{pick.index, false, pick.score, "", 0};
      if (!asked.guesses.empty()) {
        const ClassGuess& guess = asked.guesses.at(static_cast<std::size_t>(pick.index));
        question.suggested = round_.classes.at(static_cast<std::size_t>(guess.label));
        question.probability = guess.probability;
      }
      round_.questions.push_back(question);
    }
  }

  void write_predictions(const AskedRound& asked, const std::string& path) const {
    if (asked.guesses.empty()) return;
    std::string text = "name,class,probability\n";
    for (std::size_t i = 0; i < asked.guesses.size(); ++i) {
      const ClassGuess& guess = asked.guesses[i];
      text += fmt::format(
          "{},{},{:.4f}\n", csv_field(campaign_.name_of(static_cast<std::int64_t>(i))),
          csv_field(round_.classes.at(static_cast<std::size_t>(guess.label))), guess.probability);
    }
    write_file_atomically(path, text);
  }

  Campaign& campaign_;
  const AskRequest& request_;
  const CampaignAnswers& answers_;
  KnownSamples known_;
  CampaignRound round_;
};

}  // namespace

const CampaignRound& ask(Campaign& campaign, const AskRequest& request, const TrialEvents& events,
                         bool& is_new) {
  is_new =
      campaign.rounds().empty() || campaign.rounds().back().answers != campaign.answers().hash();
  if (is_new) Asking(campaign, request).run(events);
  const CampaignRound& round = campaign.rounds().back();
  write_question_files(campaign, round, request.image_prefix);
  return round;
}

}  // namespace al_mpi
