// The learner on one thread: ResNet18 on 13 x 64 x 64 tiles. Argument bf16: 0 = float32, 1 =
// bfloat16.

#include <ATen/ops/conv2d.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>
#include <torch/csrc/autograd/autograd.h>

#include "src/model/devices/precision.hpp"
#include "src/model/layers/layers.hpp"
#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/model/learner.hpp>
#include <al_mpi/model/process.hpp>
#include <al_mpi/query/registry.hpp>

namespace {

using namespace al_mpi;

constexpr std::int64_t n_pool = 512;
constexpr std::int64_t n_labeled = 64;  // four batches of 16

std::shared_ptr<const Dataset> dataset() {
  static const auto made = [] {
    SyntheticOptions options;
    options.n_train = n_pool;
    options.n_test = 64;
    options.tile = 64;
    return make_synthetic(options);
  }();
  return made;
}

Indices range(std::int64_t end) {
  Indices indices;
  for (std::int64_t i = 0; i < end; ++i) indices.push_back(i);
  return indices;
}

LearnerOptions options(bool bf16, std::int64_t epochs = 1) {
  LearnerOptions options;
  options.training.epochs = epochs;
  options.training.precision = bf16 ? Precision::bf16 : Precision::fp32;
  return options;
}

/// A learner after a little training, and the pool it was trained on.
struct Trained {
  explicit Trained(const LearnerOptions& options)
      : learner(dataset(), options, 1), pool(*dataset()) {
    pool.label(range(n_labeled));
    learner.train(pool, 0);
  }
  Learner learner;
  Pool pool;
};

/// Whole epochs: gathering, forward, backward, update.
void train(benchmark::State& state) {
  Trained trained(options(state.range(0) != 0, /*epochs=*/4));
  for (auto _ : state) trained.learner.train(trained.pool, 1);
  state.SetItemsProcessed(state.iterations() * 4 * n_labeled);
}
BENCHMARK(train)->ArgName("bf16")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

/// What one core can: a 3 x 3 convolution of 256 channels over 16 maps of 16 x 16, forward.
void convolution_peak(benchmark::State& state) {
  const at::NoGradGuard no_grad;
  const auto type = state.range(0) != 0 ? at::kBFloat16 : at::kFloat;
  const auto random = [&](at::IntArrayRef sizes) {
    return at::randn(sizes).to(type).contiguous(at::MemoryFormat::ChannelsLast);
  };
  const at::Tensor x = random({16, 256, 16, 16});
  const at::Tensor weight = random({256, 256, 3, 3});
  for (auto _ : state) benchmark::DoNotOptimize(at::conv2d(x, weight, {}, 1, 1));
  state.counters["flop/s"] = benchmark::Counter(2.0 * 16 * 16 * 16 * 256 * 256 * 9,
                                                benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(convolution_peak)->ArgName("bf16")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

/// A 3 x 3 convolution of ResNet18's stage 1 to 4 forward and back, 16 tiles of 64 x 64: at::conv2d
/// (0) or convolution() (1). flop/s counts the products of a direct convolution without those of
/// padding.
void stage(benchmark::State& state) {
  const auto type = state.range(2) != 0 ? at::kBFloat16 : at::kFloat;
  const std::int64_t channels = 32 << state.range(0), pixels = 32 >> state.range(0);
  const bool ours = state.range(1) != 0;
  const auto map = [&] {
    const at::Tensor x = at::randn({pixels, pixels, 16, channels}).to(type);
    return ours ? x.permute({2, 3, 0, 1})
                : x.permute({2, 3, 0, 1}).contiguous(at::MemoryFormat::ChannelsLast);
  };
  const at::Tensor x = map().requires_grad_(), gradient = map();
  const at::Tensor taps = at::randn({3, 3, channels, channels}).permute({3, 2, 0, 1});
  const at::Tensor weight =
      (ours ? taps : taps.to(type).contiguous(at::MemoryFormat::ChannelsLast)).requires_grad_();
  const PrecisionScope scope(ours && type == at::kBFloat16 ? Precision::bf16 : Precision::fp32,
                             at::kCPU);
  for (auto _ : state) {
    const at::Tensor y = ours ? convolution(x, weight, 1, 1) : at::conv2d(x, weight, {}, 1, 1);
    benchmark::DoNotOptimize(torch::autograd::grad({y}, {x, weight}, {gradient}));
  }
  const auto along = static_cast<double>(3 * pixels - 2);  // pairs of tap and pixel
  const auto width = static_cast<double>(channels);
  state.counters["flop/s"] = benchmark::Counter(3 * 2.0 * 16 * along * along * width * width,
                                                benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(stage)
    ->ArgNames({"stage", "ours", "bf16"})
    ->ArgsProduct({{1, 2, 3, 4}, {0, 1}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

void inference(benchmark::State& state) {
  Trained trained(options(state.range(0) != 0));
  const Indices unlabeled = trained.pool.unlabeled();
  for (auto _ : state) {
    trained.learner.predictions(1)->each_probabilities(unlabeled, [](auto, const auto&) {});
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(unlabeled.size()));
}
BENCHMARK(inference)->ArgName("bf16")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

/// One query of 32; the dropout strategy's ten passes share one pass through the trunk.
void query(benchmark::State& state, const char* name) {
  Trained trained(options(false));
  const Indices unlabeled = trained.pool.unlabeled();
  const std::vector<std::int64_t> labels(static_cast<std::size_t>(n_labeled), 0);
  const QueryOptions query_options;
  for (auto _ : state) {
    const auto predictions = trained.learner.predictions(1);
    QueryContext context{unlabeled,     trained.pool.labeled(), labels, 32,
                         query_options, *predictions,           1,      1};
    benchmark::DoNotOptimize(strategy(name)(context));
  }
}
BENCHMARK_CAPTURE(query, entropy_sampling, "entropy_sampling")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(query, entropy_sampling_dropout, "entropy_sampling_dropout")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(query, bald_dropout, "bald_dropout")->Unit(benchmark::kMillisecond);

/// Adversarial strategies over 32 images, `batch` images at a time, a fixed number of steps each:
/// ten of BIM's (of no length, so that no prediction flips), one of DeepFool's.
void adversarial(benchmark::State& state, const char* name, std::int64_t max_steps) {
  LearnerOptions small = options(false);
  small.training.prediction_batch = state.range(0);
  Trained trained(small);
  Indices unlabeled = trained.pool.unlabeled();
  unlabeled.resize(32);
  const std::vector<std::int64_t> labels(static_cast<std::size_t>(n_labeled), 0);
  QueryOptions query_options;
  query_options.adversarial_max_steps = max_steps;
  query_options.adversarial_epsilon = 0;
  for (auto _ : state) {
    const auto predictions = trained.learner.predictions(1);
    QueryContext context{unlabeled,     trained.pool.labeled(), labels, 8,
                         query_options, *predictions,           1,      1};
    benchmark::DoNotOptimize(strategy(name)(context));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(unlabeled.size()));
}
BENCHMARK_CAPTURE(adversarial, bim, "adversarial_bim", 10)
    ->ArgName("batch")
    ->Arg(1)
    ->Arg(32)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(adversarial, deepfool, "adversarial_deepfool", 1)
    ->ArgName("batch")
    ->Arg(1)
    ->Arg(32)
    ->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  tune_process(/*threads=*/1);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
