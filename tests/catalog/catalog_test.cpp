#include <al_mpi/catalog/catalog.hpp>

#include <fstream>
#include <iterator>

#include <al_mpi/base/error.hpp>

#include "catch.hpp"

using namespace al_mpi;

TEST_CASE("a strategy is known by its name and by the reference's class name") {
  CHECK(strategy_name("margin_sampling") == "margin_sampling");
  CHECK(strategy_name("MarginSampling") == "margin_sampling");
  CHECK(strategy_name("BALDDropout") == "bald_dropout");
  CHECK(init_name("FPS") == "fps");
  CHECK(network_name("ResNet18") == "resnet18");
}

TEST_CASE("an unknown name is refused with its key and the nearest known name") {
  CHECK_THROWS_WITH(strategy_name("margn_sampling"),
                    "sweep.strategies: unknown strategy 'margn_sampling' "
                    "(did you mean 'margin_sampling'?)");
  CHECK_THROWS_WITH(init_name("xyzzyxyzzy", "sweep.inits[2]"),
                    Contains("sweep.inits[2]: unknown initial set 'xyzzyxyzzy' (known: random"));
  CHECK_THROWS_AS(init_name(""), ConfigError);
}

TEST_CASE("needs are arrays of the catalogue, or what is no array, and each array is needed") {
  const auto is_array = [](const std::string& need) {
    for (const ArrayInfo& array : array_catalog()) {
      if (array.name == need) return true;
    }
    return false;
  };
  for (const auto* catalog : {&strategy_catalog(), &init_catalog()}) {
    for (const StrategyInfo& info : *catalog) {
      for (const std::string& need : info.needs) {
        INFO(info.name << " needs " << need);
        CHECK((is_array(need) || need == "diversity" || need == "passes" || need == "network"));
      }
    }
  }
  for (const ArrayInfo& array : array_catalog()) CHECK_FALSE(askers_of(array.name).empty());
  CHECK_THAT(askers_of("head_bias"), Contains("alfa_mix") && !Contains("badge"));
  CHECK_THAT(askers_of("labels"), Contains("alfa_mix") && Contains(", initial sets stratified"));
  CHECK(strategy_needs("bald_dropout", "mc_probs"));
  CHECK_FALSE(strategy_needs("margin_sampling", "mc_probs"));
}

TEST_CASE("every name is unique, also without case and underscores") {
  for (const auto* catalog : {&strategy_catalog(), &init_catalog()}) {
    for (const StrategyInfo& info : *catalog) {
      int found = 0;
      for (const StrategyInfo& other : *catalog) found += other.name == info.name;
      CHECK(found == 1);
      CHECK(info.cost > 0.0);
    }
  }
}

TEST_CASE("which strategies rank by scores is documented") {
  std::ifstream file(AL_TEST_DATA "/../../docs/strategies.md");
  const std::string docs{std::istreambuf_iterator<char>(file), {}};
  const std::size_t begin = docs.find("Those are `"), end = docs.find("All others choose", begin);
  REQUIRE(end != std::string::npos);
  const std::string named = docs.substr(begin, end - begin);
  for (const StrategyInfo& info : strategy_catalog()) {
    INFO(info.name);
    CHECK((named.find("`" + info.name + "`") != std::string::npos) == info.ranks);
  }
  CHECK(ranks_by_scores("margin_sampling"));
  CHECK_FALSE(ranks_by_scores("badge"));
  CHECK_FALSE(ranks_by_scores("mine"));
}
