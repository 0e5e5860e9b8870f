#include <cstdlib>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "results/sweep_example.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/results/inspect.hpp>

using namespace al_mpi;

namespace {

/// Finishes the sweep, with a snapshot after every second trial.
void run_sweep(const std::string& file) {
  auto store = example::open(file);
  for (const TrialRecord& record : std::vector<TrialRecord>(store->trials())) {
    if (record.state == TrialState::done) continue;
    example::run(*store, record.spec.trial);
    if (record.spec.trial % 2 == 1) store->snapshot();
  }
  store->snapshot();
}

/// Runs it in a child that dies at the crash point; false if it ended instead.
bool dies_at(const std::string& point, const std::string& file) {
  const pid_t child = fork();
  if (child == 0) {
    setenv("AL_MPI_CRASH_AT", point.c_str(), 1);
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, 1);
    dup2(null, 2);
    run_sweep(file);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

void check_equal(const ResultsTables& a, const ResultsTables& b) {
  CHECK(a.complete);
  CHECK(b.complete);
  CHECK(a.rounds.trial == b.rounds.trial);
  CHECK(a.rounds.round == b.rounds.round);
  CHECK(a.rounds.n_labeled == b.rounds.n_labeled);
  CHECK(a.rounds.metrics.at("accuracy") == b.rounds.metrics.at("accuracy"));
  CHECK(a.rounds.weights_hash == b.rounds.weights_hash);
  CHECK(a.picks.index == b.picks.index);
  CHECK(a.picks.score == b.picks.score);
  CHECK(a.confusion == b.confusion);
}

}  // namespace

TEST_CASE("killed at any write, the same command leads to the same results") {
  const ScratchFolder folder;
  run_sweep(folder.file("undisturbed.h5"));
  const ResultsTables expected = read_results(folder.file("undisturbed.h5"));
  int n_crashes = 0;
  for (const char* label : {"journal.before", "journal.middle", "journal.written", "journal.synced",
                            "h5.begun", "h5.written", "h5.renamed"}) {
    for (int n = 1;; ++n) {
      const std::string point = fmt::format("{}:{}", label, n);
      INFO(point);
      const std::string file = folder.file(fmt::format("{}_{}.h5", label, n));
      if (!dies_at(point, file)) {
        CHECK(n > 1);  // the point exists
        break;
      }
      ++n_crashes;
      run_sweep(file);
      check_equal(read_results(file), expected);
      CHECK(verify_results(file).problems.empty());
    }
  }
  CHECK(n_crashes == 4 * 9 + 3 * 5);  // nine commits (opening, eight trials), five snapshots
}
