#include <cmath>

#include "catch.hpp"
#include <al_mpi/stats/rank_tests.hpp>
#include <al_mpi/stats/sample.hpp>

using namespace al_mpi;

TEST_CASE("rank 1 is the highest and ties share") {
  CHECK(ranks_descending({0.5, 0.9, 0.5, 0.1}) == std::vector<double>{2.5, 1, 2.5, 4});
}

TEST_CASE("Friedman with ties agrees with scipy, Iman-Davenport follows from it") {
  const Friedman f = friedman(
      {{.9, .8, .7}, {.8, .8, .6}, {.9, .7, .8}, {missing, .1, .2}, {.6, .5, .4}, {.7, .6, .6}});
  CHECK(f.blocks == 5);  // the one with a missing score is left out
  CHECK(f.mean_ranks[0] == Approx(5.5 / 5));
  CHECK(f.mean_ranks[1] == Approx(11.0 / 5));
  CHECK(f.mean_ranks[2] == Approx(13.5 / 5));
  CHECK(f.chi2 == Approx(7.444444444444447));
  CHECK(f.f == Approx(11.652173913043496));
  CHECK(f.p == Approx(0.004265218716659026));
}

TEST_CASE("blocks that all rank alike have the chance of that for p") {
  CHECK(friedman({{3, 2, 1}, {6, 5, 3}}).p == Approx(1.0 / 6));    // one of 3! orders
  CHECK(friedman({{3, 2}, {6, 4}, {9, 1}}).p == Approx(1.0 / 4));  // twice one of 2
  CHECK(friedman({{3, 2, 2}, {6, 4, 4}}).p == Approx(1.0 / 3));    // a tie: 3 orders
  CHECK(std::isnan(friedman({{3, 2, 1}, {6, 5, 3}}).f));
}

TEST_CASE("strategies that are as far apart in every block, and too little data, have no p") {
  CHECK(std::isnan(friedman({{0.6, 0.7}, {0.5, 0.6}}).p));
  CHECK(std::isnan(friedman({{0.6, 0.7}, {0.5, 0.6}}).chi2));
  CHECK(std::isnan(friedman({{1, 1}, {2, 2}}).p));
  CHECK(std::isnan(friedman({{1, 2, 3}}).p));
  CHECK(std::isnan(friedman({}).chi2));
  CHECK(std::isnan(friedman({{1}, {2}}).p));
}

TEST_CASE("quantiles of the studentised range are the published ones") {
  // Tables of q(k, infinity), e.g. Harter (1960); to their three digits.
  const struct {
    std::size_t k;
    double q95, q99;
  } table[] = {{2, 2.772, 3.643},
               {3, 3.314, 4.120},
               {5, 3.858, 4.603},
               {10, 4.474, 5.157},
               {20, 5.012, 5.645}};
  for (const auto& [k, q95, q99] : table) {
    CHECK(studentized_range_quantile(0.95, k) == Approx(q95).margin(0.0006));
    CHECK(studentized_range_quantile(0.99, k) == Approx(q99).margin(0.0006));
  }
}

TEST_CASE("the range of two normals is that of their difference, and agrees with scipy for four") {
  CHECK(studentized_range_cdf(1.5, 2) == Approx(std::erf(1.5 / 2)));
  CHECK(studentized_range_cdf(3.0, 4) == Approx(0.8537285189523403));
  CHECK(studentized_range_cdf(0.0, 4) == 0.0);
  CHECK(studentized_range_cdf(50.0, 4) == Approx(1.0));
}

TEST_CASE("Nemenyi's critical difference is Demsar's") {
  // Demsar 2006, sec. 3.2.3: 4 classifiers, 14 data sets: 1.25 at 0.05; q for 10: 3.164.
  CHECK(nemenyi_critical_difference(4, 14, 0.05) == Approx(1.25).margin(0.005));
  CHECK(nemenyi_critical_difference(10, 30, 0.05) ==
        Approx(3.164 * std::sqrt(110.0 / 180)).margin(0.001));
  CHECK(std::isnan(nemenyi_critical_difference(1, 30, 0.05)));
}

TEST_CASE("groups are the maximal runs within the critical difference") {
  const auto groups = indistinguishable_groups({3.0, 1.0, 2.0, 4.5}, 1.2);
  REQUIRE(groups.size() == 2);
  CHECK(groups[0] == std::vector<std::size_t>{1, 2});
  CHECK(groups[1] == std::vector<std::size_t>{2, 0});
  CHECK(indistinguishable_groups({1.0, 3.0}, 1.0).empty());
  CHECK(indistinguishable_groups({1.0, 1.5, 2.0}, 5.0).size() == 1);
}
