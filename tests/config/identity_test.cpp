#include "catch.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/config/sweep_config.hpp>

using namespace al_mpi;

namespace {

SweepConfig with(const std::vector<std::string>& overrides) {
  return parse_config("", "x.yaml", overrides);
}

}  // namespace

TEST_CASE("the fingerprint covers what numbers depend on, and only that") {
  const std::string plain = settings_fingerprint(with({}));
  CHECK(plain.size() == 16);
  for (const char* free : {"sweep.seeds=1-9", "sweep.inits=fps", "sweep.strategies=bald_dropout",
                           "farm.threads=4", "results.file=other.h5", "protocol=recommended"}) {
    CHECK(settings_fingerprint(with({free})) == plain);
  }
  for (const char* covered :
       {"training.epochs=16", "query.mc_passes=9", "loop.n_query=8", "model.dropout=0.1",
        "dataset.synthetic.noise=2", "protocol=reference"}) {
    CHECK(settings_fingerprint(with({covered})) != plain);
  }
  // A dataset file has a fingerprint of its own, wherever it lies.
  CHECK(settings_fingerprint(with({"dataset.path=a.h5"})) ==
        settings_fingerprint(with({"dataset.path=b/a.h5", "dataset.synthetic.noise=2"})));
}

TEST_CASE("differing settings are named with both values") {
  CHECK(differing_settings(with({"training.epochs=15"}),
                           with({"training.epochs=20", "farm.threads=2"})) ==
        std::vector<std::string>{"training.epochs: 15 in the results file, 20 now"});
  CHECK(differing_settings(with({}), with({"sweep.seeds=1-3"})).empty());
}

TEST_CASE("kinds of devices are not mixed in a file, and a file that names none takes any") {
  const auto cuda = with({"farm.device=cuda"}), cpu = with({"farm.device=cpu"}), any = with({});
  CHECK(differing_settings(cuda, cpu) ==
        std::vector<std::string>{"farm.device: cuda in the results file, cpu now"});
  CHECK(differing_settings(cpu, cuda) ==
        std::vector<std::string>{"farm.device: cpu in the results file, cuda now"});
  CHECK(differing_settings(any, cuda).empty());
  CHECK(differing_settings(cuda, any).empty());
  CHECK(settings_fingerprint(cuda) == settings_fingerprint(cpu));  // stored before devices counted
}

TEST_CASE("a results file made with other settings is refused with the keys") {
  CHECK_NOTHROW(check_same_settings(to_yaml(with({})), with({"sweep.seeds=1-3"}), "r.h5"));
  CHECK_THROWS_WITH(
      check_same_settings(to_yaml(with({})), with({"loop.n_query=8"}), "r.h5"),
      Contains("r.h5 was made with other settings (loop.n_query: 32 in the results file, 8 now)"));
}
