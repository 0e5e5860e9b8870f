#include "catch.hpp"
#include <al_mpi/config/sweep_config.hpp>

using namespace al_mpi;

namespace {

std::int64_t steps_with(const std::vector<std::string>& overrides) {
  return steps_a_round(parse_config("", "x.yaml", overrides));
}

}  // namespace

TEST_CASE("equal effort is what the epochs cost on average over the rounds") {
  // 32 labels, then 10 x 32: 192 on average, 12 batches of 16, 15 times.
  CHECK(steps_with({}) == 12 * 15);
  CHECK(steps_with({"training.epochs=4"}) == 12 * 4);
  CHECK(steps_with({"loop.n_rounds=0"}) == 2 * 15);
  // 35 labels on average: a last batch that is not full is a step, too.
  CHECK(steps_with({"loop.n_init=10", "loop.n_query=10", "loop.n_rounds=5"}) == 3 * 15);

  // The images that all rounds show together are those of 15 epochs a round.
  std::int64_t by_epochs = 0;
  for (std::int64_t n = 32; n <= 352; n += 32) by_epochs += 15 * n / 16;
  CHECK(11 * steps_with({}) == by_epochs);
}

TEST_CASE("a number of steps, or none, is taken as it is") {
  CHECK(steps_with({"training.steps=7"}) == 7);
  CHECK(steps_with({"training.steps=0"}) == 0);
  CHECK(steps_with({"protocol=reference"}) == 0);
}

TEST_CASE("wild budgets do not overflow") {
  const std::string most = "9223372036854775807";
  CHECK(steps_with({"loop.n_query=" + most, "training.epochs=" + most}) > 0);
}
