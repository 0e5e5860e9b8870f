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

TEST_CASE("validation labels and copies of the pool count in the budget") {
  const auto check_pool = [](const std::string& yaml, std::int64_t pool_size) {
    check_against_dataset(parsed(yaml), pool_size, 10, "classification");
  };
  CHECK_NOTHROW(check_pool("training: {validation: 48}", 400));
  CHECK_THROWS_WITH(
      check_pool("training: {validation: 49}", 400),
      "loop: validation + n_init + n_rounds x n_query = 401 exceeds the pool of 400 samples");
  CHECK_NOTHROW(check_pool("oracle: {duplicates: 2}", 176));
  CHECK_THROWS_AS(check_pool("oracle: {duplicates: 2}", 175), ConfigError);
  CHECK_THROWS_AS(check_pool("sweep: {grid: {training.validation: [0, 49]}}", 400), ConfigError);
}

TEST_CASE("settings that make no sense together are refused") {
  const auto problem = [](const std::string& yaml, const std::string& task) -> std::string {
    try {
      check_against_dataset(parsed(yaml), 400, 10, task);
    } catch (const ConfigError& error) {
      return error.key();
    }
    return "";
  };
  const std::string pixels = "model: {name: unet_resnet18}\nsweep: {inits: [fps]}\n";
  CHECK(problem("training: {early_stopping: 3}", "classification") == "training.early_stopping");
  CHECK(problem("training: {early_stopping: 3, validation: 20}", "classification").empty());
  CHECK(problem("model: {name: linear_probe}\ntraining: {augment: flips}", "classification") ==
        "training.augment");
  CHECK(problem("training: {augment: dihedral_crop}", "classification").empty());
  CHECK(problem(pixels + "training: {augment: dihedral}", "segmentation").empty());
  CHECK(problem(pixels + "oracle: {noise: 0.1}", "segmentation") == "oracle.noise");
  CHECK(problem(pixels + "oracle: {imbalance: 1}", "segmentation") == "oracle.imbalance");
  CHECK(problem("sweep: {grid: {training.early_stopping: [0, 3]}}", "classification") ==
        "training.early_stopping");
}
