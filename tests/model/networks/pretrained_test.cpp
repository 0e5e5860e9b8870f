#include <fstream>

#include <ATen/ATen.h>

#include "catch.hpp"
#include "model/python_oracle.hpp"
#include "model/toy_dataset.hpp"
#include "src/model/networks/pretrained.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

namespace {

const std::vector<std::string> rgb = {"R", "G", "B"};

void load(Network& network, const NamedTensors& weights) {
  const at::NoGradGuard no_grad;
  NamedTensors state = named_state(network);
  for (const auto& [name, tensor] : weights) state.at(name).copy_(tensor);
}

ModelOptions from_file(const std::string& path) {
  ModelOptions options;
  options.pretrained = path;
  return options;
}

}  // namespace

TEST_CASE("a state dict of Python's torch gives Python's logits, from every file format") {
  const PythonOracle* python = PythonOracle::files();
  if (python == nullptr) return;
  const at::Tensor images = python->floats("images.bin", {2, 3, 64, 64});
  const at::Tensor logits = python->floats("logits.bin", {2, 7});
  for (const char* file : {"zip.pt", "nested.pt", "checkpoint.pt", "weights.safetensors",
                           "scripted_resnet18.pt", "cuda_zip.pt", "cuda_scripted_resnet18.pt"}) {
    INFO(file);
    const NetworkPtr network = make_network("resnet18", {3, 7});
    initialize_weights(*network, 1);
    load(*network, fitting_weights(*network, rgb, from_file(python->path(file))));
    network->eval();
    const at::NoGradGuard no_grad;
    const at::Tensor ours = network->decode(network->encode(images));
    CHECK((ours - logits).abs().max().item<double>() < 1e-5);
  }
}

TEST_CASE("a U-Net takes a classifier's weights for its encoder, a head of another size stays") {
  const PythonOracle* python = PythonOracle::files();
  if (python == nullptr) return;
  const ModelOptions options = from_file(python->path("zip.pt"));
  const NetworkPtr unet = make_network("unet_resnet18", {3, 11});
  const NamedTensors fitting = fitting_weights(*unet, rgb, options);
  CHECK(fitting.count("encoder.layer4.1.conv2.weight") == 1);
  CHECK(fitting.count("decoder.blocks.0.conv1.0.weight") == 0);
  const NetworkPtr other_head = make_network("resnet18", {3, 10});
  CHECK(fitting_weights(*other_head, rgb, options).count("fc.weight") == 0);
}

TEST_CASE("the first convolution for other bands is left random or inflated from RGB") {
  const PythonOracle* python = PythonOracle::files();
  if (python == nullptr) return;
  const std::vector<std::string> bands = {"B2", "B3", "B4", "B8"};
  const NetworkPtr network = make_network("resnet18", {4, 7});
  ModelOptions options = from_file(python->path("zip.pt"));
  CHECK(fitting_weights(*network, bands, options).count("conv1.weight") == 0);
  options.first_conv = FirstConv::inflate;
  const at::Tensor kernels = fitting_weights(*network, bands, options).at("conv1.weight");
  const at::Tensor given = read_weights(options.pretrained).at("conv1.weight");
  CHECK(at::allclose(kernels.select(1, 2), given.select(1, 0) * 0.75));  // B4 = red, 3 / 4 bands
  CHECK(at::allclose(kernels.select(1, 0), given.select(1, 2) * 0.75));  // B2 = blue
  CHECK(at::allclose(kernels.select(1, 3), given.mean(1) * 0.75));
}

TEST_CASE("weights that do not fit are refused with all their tensors") {
  const PythonOracle* python = PythonOracle::files();
  if (python == nullptr) return;
  const NetworkPtr network = make_network("resnet18", {3, 7});
  const auto error = [&](const char* file) {
    try {
      fitting_weights(*network, rgb, from_file(python->path(file)));
    } catch (const DataError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK_THAT(error("nan.pt"), Contains("layer1.0.bn1.weight") && Contains("no numbers"));
  CHECK_THAT(error("legacy.pt"), Contains("legacy format") && Contains("python3 -c"));
  CHECK_THAT(error("object.pt"), Contains("no state dict") && Contains("net.state_dict()"));
  CHECK_THAT(error("missing.pt"), Contains("missing.pt"));
}

TEST_CASE("missing, unexpected and misshaped tensors are listed together") {
  const PythonOracle* python = PythonOracle::files();
  if (python == nullptr) return;
  const NetworkPtr network = make_network("resnet18", {3, 7});
  CHECK_THROWS_WITH(fitting_weights(*network, rgb, from_file(python->path("foreign.pt"))),
                    Contains("3 tensors do not fit") && Contains("missing layer1.0.bn1.weight") &&
                        Contains("unexpected layer9.weight") &&
                        Contains("misshaped layer2.0.conv1.weight [1, 2, 3, 3]"));
}

TEST_CASE("truncated and foreign files are refused in one line") {
  const PythonOracle* python = PythonOracle::files();
  if (python == nullptr) return;
  ScratchFolder folder;
  for (const char* file : {"zip.pt", "weights.safetensors", "scripted_resnet18.pt"}) {
    std::ifstream in(python->path(file), std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    std::ofstream(folder.file(file), std::ios::binary) << bytes.substr(0, bytes.size() / 2);
    CHECK_THROWS_AS(read_weights(folder.file(file)), DataError);
    if (std::string(file) == "weights.safetensors") continue;  // it has no checksums
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    std::ofstream(folder.file(file), std::ios::binary) << bytes;
    CHECK_THROWS_AS(read_weights(folder.file(file)), DataError);
  }
  std::ofstream(folder.file("text")) << "these are no weights, whatever the name says";
  CHECK_THROWS_WITH(read_weights(folder.file("text")), Contains("no weight file"));
  std::ofstream(folder.file("empty"));
  CHECK_THROWS_AS(read_weights(folder.file("empty")), DataError);
}
