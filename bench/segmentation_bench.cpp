// A query over pixels on one thread: U-Net with ResNet18 on 13 x 128 x 128 tiles with 10 classes.
// `forward` is the network alone, `query` the same with pixel scores and their reduction: the
// difference is what those cost.

#include <benchmark/benchmark.h>

#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/model/learner.hpp>
#include <al_mpi/model/process.hpp>
#include <al_mpi/query/registry.hpp>

namespace {

using namespace al_mpi;

constexpr std::int64_t n_pool = 24;

Learner& learner() {
  static const auto made = [] {
    SyntheticOptions scenes;
    scenes.task = Task::segmentation;
    scenes.n_train = n_pool;
    scenes.n_test = 10;
    scenes.tile = 128;
    LearnerOptions options;
    options.model.name = "unet_resnet18";
    return std::make_unique<Learner>(make_synthetic(scenes), options, 1);
  }();
  return *made;
}

Indices pool() {
  Indices indices;
  for (std::int64_t i = 0; i < n_pool; ++i) indices.push_back(i);
  return indices;
}

void forward(benchmark::State& state) {
  for (auto _ : state) {
    const auto predictions = learner().predictions(1);
    const auto ignore = [](std::int64_t, const at::Tensor&) {};
    if (state.range(0) == 0) {
      predictions->each_probabilities(pool(), ignore);
    } else {
      predictions->each_mc_probabilities(pool(), state.range(0), ignore);
    }
  }
  state.SetItemsProcessed(state.iterations() * n_pool);
}
BENCHMARK(forward)->ArgName("mc_passes")->Arg(0)->Arg(10)->Unit(benchmark::kMillisecond);

void query(benchmark::State& state, const char* name) {
  const Indices unlabeled = pool(), none;
  const QueryOptions options;
  for (auto _ : state) {
    const auto predictions = learner().predictions(1);
    QueryContext context{unlabeled, none, none, 8, options, *predictions, 1, 1};
    benchmark::DoNotOptimize(strategy(name)(context));
  }
  state.SetItemsProcessed(state.iterations() * n_pool);
}
BENCHMARK_CAPTURE(query, least_confidence, "least_confidence")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(query, margin_sampling, "margin_sampling")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(query, entropy_sampling, "entropy_sampling")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(query, bald_dropout, "bald_dropout")->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  al_mpi::tune_process(1);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
