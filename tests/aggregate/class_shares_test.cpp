#include "tools/aggregate/study/class_shares.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"

using namespace al_mpi;

namespace {

void add_pick(ResultsTables& file, std::int32_t trial, std::int32_t round, std::int64_t label) {
  file.picks.trial.push_back(trial);
  file.picks.round.push_back(round);
  file.picks.order.push_back(0);
  file.picks.index.push_back(static_cast<std::int64_t>(file.picks.index.size()));
  file.picks.label.push_back(label);
  file.picks.score.push_back(0.0);
}

ResultsTables made_picks() {
  ResultsTables file = made_file("p.h5");
  add_trial(file, {"random_sampling", "random", 1}, {0.1, 0.2});
  add_trial(file, {"random_sampling", "kmeans", 1}, {0.1, 0.2});
  add_pick(file, 0, 0, 1);
  add_pick(file, 0, 1, 0);
  add_pick(file, 0, 1, 0);
  add_pick(file, 1, 1, 1);
  add_pick(file, 1, 1, 0);
  return file;
}

}  // namespace

TEST_CASE("shares of a round are over all initial sets and seeds") {
  const auto groups = class_shares(merge_study({made_picks()}));
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].classes == std::vector<std::string>{"forest", "river"});
  CHECK(groups[0].shares[0][0] == std::vector<double>{0.0, 1.0});
  CHECK(groups[0].shares[0][1] == std::vector<double>{0.75, 0.25});
}

TEST_CASE("picks without labels make no figure") {
  ResultsTables file = made_picks();
  for (auto& label : file.picks.label) label = -1;
  CHECK(class_shares(merge_study({file})).empty());
}

TEST_CASE("the class distribution is the pool's if the file knows it, else what was bought") {
  ResultsTables file = made_picks();
  const ClassDistribution bought = class_distribution(merge_study({file}), 0);
  CHECK_FALSE(bought.of_pool);
  CHECK(bought.counts == std::vector<double>{1.5, 1.0});  // a trial
  file.attributes["class_counts"] = "7 9";
  const ClassDistribution pool = class_distribution(merge_study({file}), 0);
  CHECK(pool.of_pool);
  CHECK(pool.counts == std::vector<double>{7, 9});
}
