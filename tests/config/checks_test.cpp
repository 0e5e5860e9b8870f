#include "catch.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/config/sweep_config.hpp>

using namespace al_mpi;

namespace {

SweepConfig parsed(const std::string& yaml) {
  return parse_config(yaml, "x.yaml");
}

}  // namespace

TEST_CASE("a budget larger than the pool is refused") {
  CHECK_NOTHROW(check_against_dataset(parsed(""), 352, 10, "classification"));
  CHECK_THROWS_WITH(check_against_dataset(parsed(""), 300, 10, "classification"),
                    "loop: n_init + n_rounds x n_query = 352 exceeds the pool of 300 samples");
  CHECK_THROWS_AS(check_against_dataset(parsed("loop: {n_query: 9223372036854775807}"), 300, 10,
                                        "classification"),
                  ConfigError);
  CHECK_THROWS_AS(check_against_dataset(parsed("sweep: {grid: {loop.n_init: [1, 33]}}"), 352, 10,
                                        "classification"),
                  ConfigError);
}

TEST_CASE("a dataset of one class and a network or strategy for another task are refused") {
  CHECK_THROWS_WITH(check_against_dataset(parsed(""), 352, 1, "classification"),
                    "dataset: 1 class: there is nothing to learn");
  CHECK_THROWS_WITH(check_against_dataset(parsed(""), 352, 10, "segmentation"),
                    "model.name: resnet18 does not answer the dataset's task (segmentation)");
}
