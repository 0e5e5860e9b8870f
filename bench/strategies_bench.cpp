// Every strategy that needs no network of its own, and every initial set: the seconds of one query
// beside the forward pass. Pool of 20,000, 320 of them labelled, 512 dimensions, 10 classes, 10
// passes (20 for batch_bald), 32 picks, one thread. Other sizes by the environment: AL_POOL,
// AL_DIMENSIONS, AL_PICKS, AL_LABELED; AL_PASSES=0 leaves out the strategies that need passes, and
// their memory.

#include <cstdlib>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <benchmark/benchmark.h>

#include "bench/points.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/model/process.hpp>
#include <al_mpi/query/registry.hpp>

namespace {

using namespace al_mpi;

std::int64_t size_of(const char* variable, std::int64_t usual) {
  const char* text = std::getenv(variable);
  return text == nullptr ? usual : std::atoll(text);
}

const std::int64_t n_points = size_of("AL_POOL", 20'000);
const std::int64_t n_dims = size_of("AL_DIMENSIONS", 512);
const std::int64_t n_picks = size_of("AL_PICKS", 32);
const std::int64_t n_passes = size_of("AL_PASSES", 20);
constexpr std::int64_t classes = 10;
const std::int64_t n_labeled = size_of("AL_LABELED", 320);

/// Clustered features, a random linear head on them, and passes with noise on its weights.
class StoredPool : public Predictions {
 public:
  StoredPool() {
    std::vector<at::Tensor> passes;
    for (std::int64_t pass = 0; pass <= n_passes; ++pass) {
      const at::Tensor head = 0.05 * (noise_matrix(3) + 0.5 * noise_matrix(10 + pass));
      passes.push_back(at::softmax(at::linear(features_, head), 1));
    }
    probs_ = passes.back();
    passes.pop_back();
    if (!passes.empty()) mc_probs_ = at::stack(passes);
    head_ = {0.05 * noise_matrix(3), at::zeros({classes})};
  }

  std::int64_t n_classes() const override { return classes; }
  void each_probabilities(const Indices& indices, const BatchFn& fn) override {
    fn(0, probs_.index_select(0, at::tensor(indices)));
  }
  void each_mc_probabilities(const Indices& indices, std::int64_t passes,
                             const BatchFn& fn) override {
    fn(0, mc_probs_.narrow(0, 0, passes).index_select(1, at::tensor(indices)));
  }
  at::Tensor features(const Indices& indices) override {
    return features_.index_select(0, at::tensor(indices));
  }
  at::Tensor embeddings(const Indices& indices) override { return features(indices); }
  at::Tensor predicted_losses(const Indices& indices) override {
    return probs_.select(1, 0).index_select(0, at::tensor(indices));
  }
  LinearHead head() override { return head_; }
  void each_images(const Indices&, const ImageBatchFn&) override {
    throw InternalError("no network here");
  }

 private:
  static at::Tensor noise_matrix(std::int64_t stream) {
    at::Tensor values = at::empty({classes, n_dims}, at::kFloat);
    for (std::int64_t i = 0; i < values.numel(); ++i) {
      values.data_ptr<float>()[i] =
          bench::noise(static_cast<std::uint64_t>(stream), static_cast<std::uint64_t>(i));
    }
    return values;
  }

  at::Tensor features_ = bench::clustered_points(n_points, n_dims);
  at::Tensor probs_;
  at::Tensor mc_probs_;
  LinearHead head_;
};

void query(benchmark::State& state, const std::string& name, bool initial) {
  static StoredPool pool;
  Indices labeled;
  Indices unlabeled;
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < n_points; ++i) {
    if (!initial && i % (n_points / n_labeled) == 0 &&
        static_cast<std::int64_t>(labeled.size()) < n_labeled) {
      labeled.push_back(i);
      labels.push_back(i % classes);
    } else {
      unlabeled.push_back(i);
    }
  }
  const Indices tested(unlabeled.begin(), unlabeled.begin() + n_points / 4);
  std::vector<std::int64_t> tested_classes;
  for (const std::int64_t index : tested) tested_classes.push_back(index % classes);
  QueryOptions options;
  if (name == "batch_bald") options.mc_passes = n_passes;
  const QueryFn ask = initial ? initial_set(name) : strategy(name);
  for (auto _ : state) {
    QueryContext context{unlabeled, labeled, labels, n_picks, options, pool, 1, initial ? 0 : 1};
    context.oracle_classes = [](std::int64_t index) { return Indices{index % classes}; };
    context.oracle_test = [&] { return LabeledFeatures{pool.features(tested), tested_classes}; };
    benchmark::DoNotOptimize(ask(context));
  }
}

void add(const std::vector<StrategyInfo>& catalog, bool initial) {
  for (const StrategyInfo& info : catalog) {
    if (info.name.rfind("adversarial", 0) == 0) continue;  // all their time is the network's
    if (n_passes == 0 && strategy_needs(info.name, "mc_probs")) continue;
    benchmark::RegisterBenchmark(((initial ? "init/" : "strategy/") + info.name).c_str(),
                                 [=](benchmark::State& state) { query(state, info.name, initial); })
        ->Unit(benchmark::kMillisecond)
        ->Iterations(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  tune_process(/*threads=*/1);
  add(strategy_catalog(), false);
  add(init_catalog(), true);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
