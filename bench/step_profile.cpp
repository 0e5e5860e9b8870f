// Where a training step of ResNet18 goes, by operation: 13 x 64 x 64 tiles, batches of 16, one
// thread. Prints the CPU time each operation takes itself, without those it calls.
//
//   build/bench_step_profile fp32|bf16

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <ATen/record_function.h>

#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/model/learner.hpp>
#include <al_mpi/model/process.hpp>

namespace {

using namespace al_mpi;

double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

std::map<std::string, double> seconds;
std::vector<std::string> running = {"(rest)"};  // the operations under way, outermost first
double since = 0;

/// What passed since the last event belongs to the innermost operation.
void account() {
  const double now = cpu_seconds();
  seconds[running.back()] += now - since;
  since = now;
}

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& function) {
  account();
  running.emplace_back(function.name());
  return nullptr;
}

void end(const at::RecordFunction&, at::ObserverContext*) {
  account();
  running.pop_back();
}

}  // namespace

int main(int argc, char** argv) {
  tune_process(/*threads=*/1);
  constexpr std::int64_t n_labeled = 64, n_epochs = 6;
  SyntheticOptions synthetic;
  synthetic.n_train = 128;
  synthetic.n_test = 16;
  synthetic.tile = 64;
  LearnerOptions options;
  options.training.epochs = n_epochs;
  options.training.steps = 0;
  options.training.precision = enum_of<Precision>(argc > 1 ? argv[1] : "fp32", "precision");
  const auto dataset = make_synthetic(synthetic);
  Learner learner(dataset, options, 1);
  Pool pool(*dataset);
  Indices labeled;
  for (std::int64_t i = 0; i < n_labeled; ++i) labeled.push_back(i);
  pool.label(labeled);
  learner.train(pool, 0);

  at::addGlobalCallback(
      at::RecordFunctionCallback(begin, end)
          .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
  since = cpu_seconds();
  learner.train(pool, 1);
  account();

  double total = 0;
  std::vector<std::pair<double, std::string>> sorted;
  for (const auto& [name, s] : seconds) {
    sorted.emplace_back(s, name);
    total += s;
  }
  std::sort(sorted.rbegin(), sorted.rend());
  for (const auto& [s, name] : sorted) {
    const double share = 100 * s / total;
    if (share >= 0.1) std::printf("%5.1f %%  %s\n", share, name.c_str());
  }
  std::printf("%.1f images a CPU second\n", static_cast<double>(n_epochs * n_labeled) / total);
}
