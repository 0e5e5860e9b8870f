#include <set>

#include <ATen/ATen.h>

#include "catch.hpp"
#include "src/model/layers/layers.hpp"
#include "src/model/networks/network.hpp"
#include "src/model/networks/weights.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/catalog.hpp>

using namespace al_mpi;

TEST_CASE("classifiers take any number of bands and give logits") {
  const at::NoGradGuard no_grad;
  for (const NetworkInfo& info : network_catalog()) {
    if (info.segmentation || info.embeddings) continue;
    for (const std::int64_t bands : {3, 13}) {
      const NetworkPtr network = make_network(info.name, {bands, 10});
      initialize_weights(*network, 1);
      network->eval();
      const auto features = network->encode(at::ones({2, bands, 64, 64}));
      const at::Tensor logits = network->decode(features);
      INFO(info.name);
      CHECK(logits.sizes() == at::IntArrayRef({2, 10}));
      CHECK(features.back().dim() == 2);
      CHECK(network->head().weight.size(1) == features.back().size(1));
      CHECK(logits.isfinite().all().item<bool>());
    }
  }
}

TEST_CASE("ResNet18 has torchvision's names and number of parameters") {
  const NetworkPtr network = make_network("resnet18", {3, 1000});
  const NamedTensors state = named_state(*network);
  std::int64_t n = 0;
  for (const at::Tensor& weight : network->parameters()) n += weight.numel();
  CHECK(n == 11689512);  // torchvision's documentation
  CHECK(state.size() == 122);
  for (const char* name :
       {"conv1.weight", "bn1.running_var", "layer1.0.conv1.weight", "layer2.0.downsample.0.weight",
        "layer2.0.downsample.1.bias", "layer4.1.bn2.num_batches_tracked", "fc.weight", "fc.bias"}) {
    CHECK(state.count(name) == 1);
  }
}

TEST_CASE("ResNet34 and ResNet50 have torchvision's number of parameters") {
  const auto size = [](const std::string& name) {
    std::int64_t n = 0;
    for (const at::Tensor& weight : make_network(name, {3, 1000})->parameters())
      n += weight.numel();
    return n;
  };
  CHECK(size("resnet34") == 21797672);  // torchvision's documentation
  CHECK(size("resnet50") == 25557032);
}

TEST_CASE("initial weights are a function of the seed, and spread as torchvision's") {
  const auto hash = [](std::uint64_t seed) {
    const NetworkPtr network = make_network("small_cnn", {13, 10});
    initialize_weights(*network, seed);
    return hash_of(named_state(*network));
  };
  CHECK(hash(1) == hash(1));
  CHECK(hash(1) != hash(2));

  const NetworkPtr network = make_network("resnet18", {13, 10});
  initialize_weights(*network, 1);
  const NamedTensors state = named_state(*network);
  const double fan_out = 512 * 3 * 3;
  CHECK(state.at("layer4.1.conv2.weight").std().item<double>() ==
        Approx(std::sqrt(2 / fan_out)).epsilon(0.01));
  const double bound = 1 / std::sqrt(512.0);
  CHECK(state.at("fc.weight").max().item<double>() <= bound);
  CHECK(state.at("fc.weight").std().item<double>() == Approx(bound / std::sqrt(3.0)).epsilon(0.05));
}

TEST_CASE("a ResNet's logits do not depend on the memory order of images and weights") {
  // oneDNN has kernels of its own for each order; some of version 3.7 were wrong, some crashed.
  for (const std::string name : {"resnet18", "resnet50"}) {
    INFO(name);
    const NetworkPtr network = make_network(name, {13, 10});
    initialize_weights(*network, 1);
    network->eval();
    const at::Tensor images =
        at::arange(16 * 13 * 64 * 64, at::kFloat).sin().view({16, 13, 64, 64});
    const auto logits = [&](at::MemoryFormat order) {
      const at::NoGradGuard no_grad;
      for (auto& [_, tensor] : named_state(*network)) {
        if (tensor.dim() == 4) tensor.set_data(tensor.contiguous(order));
      }
      return network->decode(network->encode(images.contiguous(order)));
    };
    const at::Tensor plain = logits(at::MemoryFormat::Contiguous);
    CHECK(at::allclose(plain, logits(at::MemoryFormat::ChannelsLast), 1e-3, 1e-4));
    prepare(*network, at::kCPU);
    const at::NoGradGuard no_grad;
    CHECK(at::allclose(plain, network->decode(network->encode(images)), 1e-3, 1e-4));
  }
}

TEST_CASE("folding BatchNorm into convolutions keeps the logits, also after weights change") {
  const NetworkPtr network = make_network("resnet18", {13, 10});
  initialize_weights(*network, 1);
  const at::Tensor images = at::arange(4 * 13 * 32 * 32, at::kFloat).sin().view({4, 13, 32, 32});
  for (int round = 0; round < 2; ++round) {
    network->train();
    network->encode(images);  // moves the running statistics
    network->eval();
    const at::Tensor plain = network->decode(network->encode(images)).detach();
    const at::NoGradGuard no_grad;
    const at::Tensor folded = network->decode(network->encode(images));
    const double scale = plain.abs().max().item<double>();
    CHECK((plain - folded).abs().max().item<double>() < 1e-5 * scale);
    NamedTensors state = named_state(*network);
    state.at("layer1.0.conv1.weight").mul_(3);
    state.at("layer3.0.bn2.running_var").mul_(2);
  }
}

TEST_CASE("the hash of weights that stay on a GPU tells values, places, names, types and shapes") {
  const auto tensors = [] {
    NamedTensors all;
    all["a"] = at::arange(24, at::kFloat).view({2, 3, 2, 2}).sin();
    all["b"] = at::full({}, 3, at::kLong);
    all["c"] = at::tensor({1.5, 2.5, 2.5}).to(at::kHalf);
    all["d"] = at::tensor({1, 0, 1}).to(at::kBool);
    return all;
  };
  const NamedTensors same = tensors();
  const std::string hash = summed_hash_of(same);
  CHECK(hash.size() == 16);
  NamedTensors other = tensors();
  other["a"] = other["a"].contiguous(at::MemoryFormat::ChannelsLast);
  CHECK(summed_hash_of(other) == hash);  // the order of memory is no difference
  std::set<std::string> hashes = {hash};
  const auto changed = [&](auto change) {
    NamedTensors all = tensors();
    change(all);
    hashes.insert(summed_hash_of(all));
  };
  changed([](NamedTensors& all) { all["a"].view(at::kInt)[1][2][1][1] += 1; });  // the last bit
  changed([](NamedTensors& all) { all["a"] = all["a"].flip({0}); });
  changed([](NamedTensors& all) { all["a"] = all["a"].view({2, 3, 4}); });
  changed([](NamedTensors& all) { all["b"] += 1; });
  changed([](NamedTensors& all) { all["c"] = all["c"].flip({0}); });
  changed([](NamedTensors& all) { all["c"] = all["c"].view(at::kBFloat16); });
  changed([](NamedTensors& all) { all["d"].logical_not_(); });
  changed([](NamedTensors& all) { all["e"] = all["d"], all.erase("d"); });
  CHECK(hashes.size() == 9);
}
