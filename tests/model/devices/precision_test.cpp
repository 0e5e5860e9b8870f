#include <ATen/ATen.h>
#include <ATen/Context.h>

#include "catch.hpp"
#include "model/toy_dataset.hpp"
#include "src/model/devices/precision.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/model/learner.hpp>

using namespace al_mpi;

namespace {

const c10::Device cpu(c10::DeviceType::CPU);

at::ScalarType type_of_products() {
  const at::Tensor x = at::ones({2, 2});
  return at::matmul(x, x).scalar_type();
}

}  // namespace

TEST_CASE("of scopes of precision the innermost counts, and its end gives back the outer one") {
  CHECK(type_of_products() == at::kFloat);
  {
    const PrecisionScope outer(Precision::bf16, cpu);
    CHECK(type_of_products() == at::kBFloat16);
    {
      const PrecisionScope same(Precision::bf16, cpu);
      CHECK(type_of_products() == at::kBFloat16);
    }
    CHECK(type_of_products() == at::kBFloat16);
    {
      const PrecisionScope exact(Precision::fp32, cpu);
      CHECK(type_of_products() == at::kFloat);
      CHECK(autocast_type(at::ones({1})) == at::kFloat);
    }
    CHECK(type_of_products() == at::kBFloat16);
  }
  CHECK(type_of_products() == at::kFloat);
}

TEST_CASE("tf32 is refused on the CPU, which has no such format") {
  LearnerOptions options;
  options.training.precision = Precision::tf32;
  CHECK_THROWS_AS(Learner(toy_dataset(), options, 1), ConfigError);
  CHECK_THROWS_WITH(set_numerics(Precision::tf32, cpu), Contains("the device is 'cpu'"));
  set_numerics(Precision::fp32, cpu);
  CHECK_FALSE(at::globalContext().deterministicAlgorithms());  // the CPU's numbers need no switch
}
