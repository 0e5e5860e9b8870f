#include "catch.hpp"
#include <al_mpi/base/rng.hpp>
#include <al_mpi/stats/rank_stability.hpp>
#include <al_mpi/stats/rank_tests.hpp>
#include <al_mpi/stats/sample.hpp>

using namespace al_mpi;

TEST_CASE("a ranking of three seeds by hand") {
  // Ranks of seed 1: 1 2 3, of seed 2: 1 2 3, of seed 3: 3 1 2. Means 5/3, 5/3, 8/3.
  const RankStability s = rank_stability({{3, 2, 1}, {6, 5, 4}, {1, 3, 2}}, {1, 2, 3});
  CHECK(s.seeds == 3);
  CHECK(s.places == std::vector<int>{1, 1, 3});  // equal ones share the better place
  // Left with 1 and 2: places 1 2 3; with 1 and 3 (or 2 and 3): means 2, 1.5, 2.5, places 2 1 3.
  CHECK(s.one_left_out.kept == 2);
  CHECK(s.one_left_out.subsets == 3);
  CHECK(s.one_left_out.first[0] == Approx(1.0 / 3));
  CHECK(s.one_left_out.first[1] == Approx(2.0 / 3));
  CHECK(s.one_left_out.same_place[2] == 1.0);
  CHECK(s.one_left_out.best_place == std::vector<int>{1, 1, 3});
  CHECK(s.one_left_out.worst_place == std::vector<int>{2, 2, 3});
  CHECK(s.halves.kept == 2);  // half of three, rounded up
  CHECK(s.halves.first == s.one_left_out.first);
}

TEST_CASE("all blocks of a seed are left out together, incomplete ones always") {
  const RankStability s =
      rank_stability({{2, 1}, {2, 1}, {2, 1}, {1, 2}, {1, missing}}, {7, 7, 7, 8, 9});
  CHECK(s.seeds == 2);
  CHECK(s.places == std::vector<int>{1, 2});
  CHECK(s.one_left_out.subsets == 2);
  CHECK(s.one_left_out.first == std::vector<double>{0.5, 0.5});  // without seed 7 the order turns
}

TEST_CASE("one seed, no seed and no complete block leave nothing to vary") {
  CHECK(rank_stability({}, {}).places.empty());
  CHECK(rank_stability({{missing, 1}}, {1}).seeds == 0);
  const RankStability one = rank_stability({{1, 2}, {3, 4}}, {5, 5});
  CHECK(one.places == std::vector<int>{2, 1});
  CHECK(one.one_left_out.subsets == 0);
  CHECK(one.halves.subsets == 0);
}

TEST_CASE("many seeds are halved at random, with the same result every time") {
  RngStream rng(4, "test");
  std::vector<std::vector<double>> scores;
  std::vector<std::int64_t> seeds;
  for (int seed = 0; seed < 20; ++seed) {
    scores.push_back({rng.normal(), rng.normal(), 3.0 + rng.normal(), rng.normal()});
    seeds.push_back(seed);
  }
  const RankStability s = rank_stability(scores, seeds), again = rank_stability(scores, seeds);
  CHECK(s.halves.kept == 10);
  CHECK(s.halves.subsets == 1000);
  CHECK_FALSE(s.halves.all);
  CHECK(s.one_left_out.all);
  CHECK(s.halves.first == again.halves.first);
  CHECK(s.halves.first[2] > 0.99);
  double together = 0.0;
  for (const double share : s.halves.first) together += share;
  CHECK(together >= 1.0 - 1e-12);  // ties share the first place
  CHECK(s.halves.same_place[0] < 1.0);
}
