#include <ATen/ATen.h>

#include "catch.hpp"
#include "model/python_oracle.hpp"
#include "model/toy_dataset.hpp"
#include "scratch_folder.hpp"
#include "src/model/networks/network.hpp"
#include "src/model/networks/pretrained.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/model/pretrain.hpp>

using namespace al_mpi;

namespace {

PretrainOptions small(PretrainMethod method) {
  PretrainOptions options;
  options.method = method;
  options.epochs = 4;
  options.batch_size = 8;
  options.queue = 16;
  options.projection = 16;
  return options;
}

NamedTensors encoder_of(const Pretraining& training, const ScratchFolder& folder) {
  training.save_encoder(folder.file("encoder.pt"));
  return read_weights(folder.file("encoder.pt"));
}

bool same(const NamedTensors& a, const NamedTensors& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a) {
    if (!at::equal(tensor, b.at(name))) return false;
  }
  return true;
}

}  // namespace

TEST_CASE(
    "a pre-training that goes on from a checkpoint equals an uninterrupted one, bit for bit") {
  const auto dataset = toy_dataset({20, 3, 16, 2});
  const ScratchFolder folder;
  for (const PretrainMethod method : {PretrainMethod::simclr, PretrainMethod::moco}) {
    INFO(name_of(method));
    Pretraining whole(dataset, small(method)), first(dataset, small(method));
    CHECK(whole.steps_an_epoch() == 2);  // 20 images in batches of 8: the rest waits
    for (int epoch = 0; epoch < 4; ++epoch) whole.run_epoch();
    for (int epoch = 0; epoch < 2; ++epoch) first.run_epoch();
    Pretraining second(dataset, small(method));
    second.load_checkpoint(first.checkpoint());
    CHECK(second.epochs_done() == 2);
    for (int epoch = 0; epoch < 2; ++epoch) second.run_epoch();
    CHECK(same(encoder_of(whole, folder), encoder_of(second, folder)));
    CHECK_FALSE(same(encoder_of(whole, folder), encoder_of(first, folder)));
  }
}

TEST_CASE("the encoder loads as the pretrained weights of a network, but for its head") {
  const auto dataset = toy_dataset({16, 3, 16, 2});
  const ScratchFolder folder;
  Pretraining training(dataset, small(PretrainMethod::simclr));
  training.run_epoch();
  training.save_encoder(folder.file("encoder.pt"));
  const NetworkPtr network = make_network("resnet18", {3, 10});
  ModelOptions options;
  options.pretrained = folder.file("encoder.pt");
  const NamedTensors weights = fitting_weights(*network, dataset->bands, options);
  CHECK(weights.count("conv1.weight") == 1);
  CHECK(weights.count("layer4.1.bn2.running_var") == 1);
  CHECK(weights.count("fc.weight") == 0);
  const EncoderDescription description = describe_encoder(options.pretrained);
  CHECK(description.network == "resnet18");
  CHECK(description.method == "simclr");
  CHECK(description.epochs == 1);
  CHECK(description.bands == dataset->bands);
}

TEST_CASE("encoders and checkpoints that a GPU wrote are read without one") {
  const auto dataset = toy_dataset({20, 3, 16, 2});
  const ScratchFolder folder;
  const std::string cpu = folder.file("cpu.pt"), cuda = folder.file("cuda.pt");
  Pretraining training(dataset, small(PretrainMethod::moco));
  training.run_epoch();
  training.save_encoder(cpu);
  say_cuda(cpu, cuda);
  CHECK(describe_encoder(cuda).epochs == 1);
  CHECK(same(read_weights(cuda), read_weights(cpu)));

  std::ofstream(cpu, std::ios::binary) << training.checkpoint();
  say_cuda(cpu, cuda);
  std::ifstream file(cuda, std::ios::binary);
  Pretraining resumed(dataset, small(PretrainMethod::moco));
  resumed.load_checkpoint({std::istreambuf_iterator<char>(file), {}});
  training.run_epoch();
  resumed.run_epoch();
  CHECK(same(encoder_of(training, folder), encoder_of(resumed, folder)));
}

TEST_CASE("damaged checkpoints and those of other settings are refused") {
  const auto dataset = toy_dataset({16, 3, 16, 2});
  Pretraining training(dataset, small(PretrainMethod::moco));
  std::string bytes = training.checkpoint();
  CHECK_THROWS_WITH(training.load_checkpoint(bytes.substr(0, bytes.size() / 2)),
                    Contains("damaged"));
  CHECK_THROWS_WITH(training.load_checkpoint("nothing of the kind"), Contains("damaged"));
  PretrainOptions other = small(PretrainMethod::moco);
  other.temperature = 0.5;
  CHECK_THROWS_WITH(Pretraining(dataset, other).load_checkpoint(bytes),
                    Contains("temperature 0.5"));
  const ScratchFolder folder;
  std::ofstream(folder.file("text.pt")) << "no encoder";
  CHECK_THROWS_WITH(describe_encoder(folder.file("text.pt")), Contains("no encoder"));
}

TEST_CASE("a short pre-training sorts synthetic scenes better than random weights do") {
  SyntheticOptions scenes;
  scenes.n_train = 96;
  scenes.n_test = 96;
  scenes.n_classes = 4;
  scenes.n_bands = 6;
  scenes.tile = 16;
  scenes.noise = 0.5;
  PretrainOptions options = small(PretrainMethod::simclr);
  options.epochs = 8;
  options.batch_size = 32;
  Pretraining training(make_synthetic(scenes), options);
  const QualityFigure before = training.quality();
  const double first_loss = training.run_epoch();
  double loss = 0;
  while (training.epochs_done() < options.epochs) loss = training.run_epoch();
  CHECK(loss < first_loss);
  CHECK(training.quality().knn > before.knn);
  INFO(before.knn << " -> " << training.quality().knn);
}
