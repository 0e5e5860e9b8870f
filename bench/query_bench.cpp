// Kernels of the query layer, one thread. k-center and k-means at the size of a large pool: 20,000
// points of 2048 dimensions, 320 of them labelled, 32 picks.

#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <benchmark/benchmark.h>

#include "bench/points.hpp"
#include "src/query/geometry/farthest_first.hpp"
#include "src/query/geometry/kmeans.hpp"
#include "src/query/scores/acquisition.hpp"
#include "src/query/scores/pixel_reduce.hpp"
#include <al_mpi/model/process.hpp>

namespace {

using namespace al_mpi;

constexpr std::int64_t n_points = 20'000;
constexpr std::int64_t n_dims = 2048;
constexpr std::int64_t n_labeled = 320;
constexpr std::int64_t n_picks = 32;

const at::Tensor& pool() {
  static const at::Tensor points = bench::clustered_points(n_points, n_dims);
  return points;
}

std::vector<std::uint64_t> hashes(std::int64_t n) {
  RngStream rng(1, "tie_break");
  std::vector<std::uint64_t> values;
  for (std::int64_t i = 0; i < n; ++i) values.push_back(rng());
  return values;
}

void pick_farthest(FarthestFirst& traversal) {
  for (std::int64_t pick = 0; pick < n_picks; ++pick) {
    benchmark::DoNotOptimize(traversal.take(traversal.farthest()));
  }
}

/// A k-center query from nothing: distances to all labelled samples, then the picks.
void kcenter(benchmark::State& state) {
  const at::Tensor labeled = pool().narrow(0, 0, n_labeled);
  const at::Tensor candidates = pool().narrow(0, n_labeled, n_points - n_labeled);
  for (auto _ : state) {
    FarthestFirst traversal(candidates, hashes(candidates.size(0)));
    traversal.cover(labeled);
    pick_farthest(traversal);
  }
}
BENCHMARK(kcenter)->Unit(benchmark::kMillisecond);

/// Farthest point sampling: no centre but a first point.
void fps(benchmark::State& state) {
  for (auto _ : state) {
    FarthestFirst traversal(pool(), hashes(n_points));
    traversal.take(0);
    pick_farthest(traversal);
  }
}
BENCHMARK(fps)->Unit(benchmark::kMillisecond);

/// k-means of 32 clusters, 10 restarts; the counter is compared with other programs' inertia.
void kmeans_32(benchmark::State& state) {
  double inertia = 0.0;
  for (auto _ : state) {
    RngStream rng(1, "query");
    inertia = kmeans(pool(), {32, 10}, rng).inertia;
  }
  state.counters["inertia"] = inertia;
}
BENCHMARK(kmeans_32)->Unit(benchmark::kMillisecond)->Iterations(1);

void pixel_reduction(benchmark::State& state, PixelReduction how) {
  const at::Tensor scores = at::randn({64, 256, 256}, at::kDouble);
  const at::Tensor classes = (scores * 3).clamp(0, 8).to(at::kLong);
  for (auto _ : state) benchmark::DoNotOptimize(pixel_reduce(scores, classes, how));
  state.SetItemsProcessed(state.iterations() * scores.size(0));
}
BENCHMARK_CAPTURE(pixel_reduction, trimmed_mean_minus_std, PixelReduction::trimmed_mean_minus_std)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pixel_reduction, top_share, PixelReduction::top_share)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pixel_reduction, grid_mean, PixelReduction::grid_mean)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pixel_reduction, class_balanced, PixelReduction::class_balanced)
    ->Unit(benchmark::kMillisecond);

/// Acquisition functions on 20,000 samples of 10 classes, BALD on 10 passes of them.
void acquisition(benchmark::State& state, at::Tensor (*score)(const at::Tensor&), int passes) {
  const at::Tensor logits = passes > 1 ? at::randn({passes, n_points, 10}, at::kDouble)
                                       : at::randn({n_points, 10}, at::kDouble);
  const at::Tensor p = at::softmax(logits, -1).clamp(1e-12, 1.0);
  for (auto _ : state) benchmark::DoNotOptimize(score(p));
  state.SetItemsProcessed(state.iterations() * n_points);
}
BENCHMARK_CAPTURE(acquisition, least_confidence, least_confidence_score, 1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(acquisition, margin, margin_score, 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(acquisition, entropy, entropy_score, 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(acquisition, bald, mutual_information, 10)->Unit(benchmark::kMillisecond);

/// Answers nothing: top_n asks nothing.
class NoPredictions : public Predictions {
 public:
  std::int64_t n_classes() const override { return 0; }
  void each_probabilities(const Indices&, const BatchFn&) override {}
  void each_mc_probabilities(const Indices&, std::int64_t, const BatchFn&) override {}
  at::Tensor features(const Indices&) override { return {}; }
  at::Tensor embeddings(const Indices&) override { return {}; }
  at::Tensor predicted_losses(const Indices&) override { return {}; }
  LinearHead head() override { return {}; }
  void each_images(const Indices&, const ImageBatchFn&) override {}
};

void top_32(benchmark::State& state) {
  Indices unlabeled(static_cast<std::size_t>(n_points));
  for (std::size_t i = 0; i < unlabeled.size(); ++i) unlabeled[i] = static_cast<std::int64_t>(i);
  const QueryOptions options;
  NoPredictions predictions;
  const Indices none;
  const QueryContext context{unlabeled, none, none, n_picks, options, predictions, 1, 1};
  const at::Tensor scores = at::randn({n_points}, at::kDouble);
  for (auto _ : state) benchmark::DoNotOptimize(top_n(context, scores));
}
BENCHMARK(top_32)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  tune_process(/*threads=*/1);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
