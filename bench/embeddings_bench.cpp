// Pre-training and frozen features of ResNet18 on one thread, 13 x 64 x 64 tiles, against the bare
// network: what augmentation, loss, optimiser and storing cost on top. And the features that need
// no network, of 3 x 64 x 64 tiles.

#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>

#include "src/model/networks/resnet.hpp"
#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/data/texture.hpp>
#include <al_mpi/model/encoder.hpp>
#include <al_mpi/model/inputs.hpp>
#include <al_mpi/model/pretrain.hpp>
#include <al_mpi/model/process.hpp>

namespace {

using namespace al_mpi;

constexpr std::int64_t n_images = 256, batch = 64;

std::shared_ptr<const Dataset> dataset() {
  static const auto made = [] {
    SyntheticOptions options;
    options.n_train = n_images;
    options.n_test = 16;
    options.tile = 64;
    return make_synthetic(options);
  }();
  return made;
}

Indices first(std::int64_t n) {
  Indices indices;
  for (std::int64_t i = 0; i < n; ++i) indices.push_back(i);
  return indices;
}

/// Forward and backward pass over two views of a batch, nothing else.
void bare_two_views(benchmark::State& state) {
  const NetworkPtr network = make_network("resnet18", {13, 10});
  initialize_weights(*network, 1);
  for (at::Tensor& weight : network->parameters()) {
    if (weight.dim() == 4) weight.set_data(weight.contiguous(at::MemoryFormat::ChannelsLast));
  }
  network->train();
  const at::Tensor views =
      at::randn({2 * batch, 13, 64, 64}).contiguous(at::MemoryFormat::ChannelsLast);
  for (auto _ : state) {
    network->zero_grad();
    network->encode(views).back().sum().backward();
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(bare_two_views)->Unit(benchmark::kMillisecond);

void simclr_step(benchmark::State& state) {
  PretrainOptions options;
  options.batch_size = batch;
  Pretraining training(dataset(), options);
  for (auto _ : state) training.run_step(first(batch));
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(simclr_step)->Unit(benchmark::kMillisecond);

/// Features of batches that are ready.
void plain_inference(benchmark::State& state) {
  const Encoder encoder = make_encoder(*dataset(), {});
  const at::Tensor images =
      image_inputs(dataset(), c10::Device(c10::DeviceType::CPU))("train", first(batch));
  for (auto _ : state) {
    for (std::int64_t i = 0; i < n_images; i += batch) {
      benchmark::DoNotOptimize(encoder.features(images));
    }
  }
  state.SetItemsProcessed(state.iterations() * n_images);
}
BENCHMARK(plain_inference)->Unit(benchmark::kMillisecond);

/// The same number of images from the stored pixels, through a worker.
void embedding(benchmark::State& state) {
  const Encoder encoder = make_encoder(*dataset(), {});
  for (auto _ : state) {
    embed_split(
        dataset(), "train", encoder, {}, [](std::int64_t) { return false; },
        [](std::int64_t, const at::Tensor& rows) { benchmark::DoNotOptimize(rows); });
  }
  state.SetItemsProcessed(state.iterations() * n_images);
}
BENCHMARK(embedding)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

void texture_of_three_bands(benchmark::State& state) {
  SyntheticOptions options;
  options.n_train = 1000;
  options.n_test = 16;
  options.n_bands = 3;
  options.tile = 64;
  const auto tiles = make_synthetic(options);
  for (auto _ : state) benchmark::DoNotOptimize(texture(*tiles));
  state.SetItemsProcessed(state.iterations() * (options.n_train + options.n_test));
}
BENCHMARK(texture_of_three_bands)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  al_mpi::tune_process(1);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
