#include <chrono>
#include <ctime>
#include <filesystem>
#include <thread>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>
#include "commands.hpp"
#include "tools/aggregate/tables/table.hpp"

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/standard_streams.hpp>

namespace al_mpi {
namespace {

/// A row a strategy: how far it is, and the metric at the highest budget that any of its trials has
/// reached.
Table progress_table(const Analysis& analysis) {
  Table table{"progress",
              "",
              {"dataset", "init", "strategy", "done", "failed", "labels", "n", analysis.metric},
              {}};
  for (const PanelAnalysis& p : analysis.panels) {
    for (const StrategySummary& s : p.strategies) {
      std::size_t last = s.rounds.size();
      while (last > 0 && s.rounds[last - 1].sample.n == 0) --last;
      const Sample sample = last == 0 ? describe({}) : s.rounds[last - 1].sample;
      table.rows.push_back({p.panel.dataset, p.panel.init, s.strategy,
                            fmt::format("{}/{}", s.trials.done, s.trials.planned),
                            TableCell::count(s.trials.failed),
                            TableCell::count(last == 0 ? missing : p.panel.labels[last - 1]),
                            TableCell::count(static_cast<double>(sample.n)),
                            TableCell::plus_minus(sample.mean, sample.std)});
    }
  }
  return table;
}

/// Reads the results file once. Returns true when no more results will come.
bool look(const WatchOptions& options, std::string& text) {
  const Study study = read_study({options.results}, {false, false});
  AnalysisOptions analysis;
  analysis.metric = options.metric;
  analysis.resamples = 1;  // no intervals are shown
  std::size_t ended = 0, rounds = 0;
  for (const StudyTrial& trial : study.trials) {
    ended += trial.state == TrialState::done || trial.state == TrialState::failed ||
             trial.state == TrialState::quarantined;
    rounds += trial.n_rows;
  }
  text = fmt::format("{}: {} of {} trials ended, {} rounds\n", options.results, ended,
                     study.trials.size(), rounds);
  text += progress_table(summarize(study, analysis)).text();
  return study.files.front().complete || (ended == study.trials.size() && ended > 0);
}

}  // namespace

void watch(const WatchOptions& options) {
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  std::string before;
  for (;;) {
    bool complete = false;
    std::string text;
    if (options.once || std::filesystem::exists(options.results)) {
      complete = look(options, text);
    } else {
      text = fmt::format("waiting for {}\n", options.results);
    }
    if (text != before) {
      // On a terminal the table stays in its place: the codes move the cursor home and clear the
      // screen.
      fmt::print("{}{:%H:%M:%S}  {}{}", terminal ? "\033[H\033[2J" : "",
                 fmt::localtime(std::time(nullptr)), text, terminal ? "" : "\n");
      std::fflush(stdout);
      before = text;
    }
    if (complete || options.once || !output_is_read()) return;
    std::this_thread::sleep_for(std::chrono::duration<double>(options.every));
  }
}

}  // namespace al_mpi
