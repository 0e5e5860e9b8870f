#include <ATen/ATen.h>

#include "catch.hpp"
#include "src/model/networks/weights.hpp"
#include "src/model/training/batch_statistics.hpp"

using namespace al_mpi;

namespace {

NetworkPtr example_network() {
  NetworkPtr network = make_network("small_cnn", {3, 4});
  initialize_weights(*network, 1);
  return network;
}

at::Tensor batch_of(int number) {
  return at::arange(5 * 3 * 16 * 16, at::kFloat).add(100.0 * number).sin().view({5, 3, 16, 16});
}

}  // namespace

TEST_CASE("one encode a batch leaves the running statistics of T whole passes in train mode") {
  const at::NoGradGuard no_grad;
  const NetworkPtr plain = example_network(), replayed = example_network();
  plain->train();
  std::vector<at::Tensor> logits;
  for (int pass = 0; pass < 3; ++pass) {
    for (int b = 0; b < 4; ++b) logits.push_back(plain->decode(plain->encode(batch_of(b))));
  }
  {
    BatchStatisticsMode mode(*replayed, 3);
    for (int b = 0; b < 4; ++b) {
      const auto features = replayed->encode(batch_of(b));
      CHECK(at::allclose(replayed->decode(features), logits[static_cast<std::size_t>(b)], 1e-4,
                         1e-5));
      for (int pass = 0; pass < 3; ++pass) mode.take(pass);
    }
    mode.finish();
  }
  const NamedTensors expected = named_state(*plain), actual = named_state(*replayed);
  for (const auto& [name, tensor] : expected) {
    if (name.find("running") == std::string::npos) continue;
    INFO(name);
    CHECK(at::allclose(actual.at(name), tensor, 1e-4, 1e-6));
  }
  CHECK_FALSE(replayed->is_training());
}

TEST_CASE("an interrupted query leaves the running statistics as they were") {
  const at::NoGradGuard no_grad;
  const NetworkPtr network = example_network();
  const at::Tensor before = named_state(*network).at("bn1.running_mean").clone();
  {
    BatchStatisticsMode mode(*network, 3);
    network->encode(batch_of(0));
    mode.take(0);
  }
  CHECK(at::equal(before, named_state(*network).at("bn1.running_mean")));
  network->train();  // and the momentum is back
  network->encode(batch_of(0));
  CHECK(named_state(*network).at("bn1.running_var").max().item<double>() > 0.8);
}
