#include <al_mpi/base/rng.hpp>

#include <algorithm>
#include <cmath>
#include <set>

#include "catch.hpp"

using namespace al_mpi;

TEST_CASE("the same key gives the same stream, another key another one") {
  RngStream a(7, "query", 3), b(7, "query", 3), other_seed(8, "query", 3),
      other_round(7, "query", 4), other_purpose(7, "init", 3);
  const auto first = a();
  CHECK(first == b());
  CHECK(first != other_seed());
  CHECK(first != other_round());
  CHECK(first != other_purpose());
}

TEST_CASE("the stream is Philox 4x32-10 of Random123 and never changes") {
  // Guards against an update that would silently change every published number.
  RngStream rng(1, "weights", 0);
  CHECK(rng() == 0x71f67c94cadd6333ULL);
}

TEST_CASE("uniform draws fill [0, 1) evenly") {
  RngStream rng(1, "query");
  const int n = 100000;
  double sum = 0, smallest = 1, largest = 0;
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform();
    sum += u;
    smallest = std::min(smallest, u);
    largest = std::max(largest, u);
  }
  CHECK(sum / n == Approx(0.5).margin(0.005));
  CHECK(smallest >= 0.0);
  CHECK(largest < 1.0);
}

TEST_CASE("normal draws have mean 0 and standard deviation 1") {
  RngStream rng(1, "weights");
  const int n = 100000;
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double x = rng.normal();
    sum += x;
    squares += x * x;
  }
  CHECK(sum / n == Approx(0.0).margin(0.015));
  CHECK(std::sqrt(squares / n) == Approx(1.0).margin(0.015));
}

TEST_CASE("below(n) is even over its range") {
  RngStream rng(5, "query");
  std::vector<int> counts(7, 0);
  for (int i = 0; i < 70000; ++i) ++counts[rng.below(7)];
  double chi2 = 0;
  for (const int count : counts) chi2 += (count - 10000.0) * (count - 10000.0) / 10000.0;
  CHECK(chi2 < 22.5);  // 99.9 % quantile, 6 degrees of freedom
}

TEST_CASE("a sample holds distinct values, a permutation all of them") {
  RngStream rng(5, "init");
  const auto sample = rng.sample(100, 30);
  CHECK(std::set<std::int64_t>(sample.begin(), sample.end()).size() == 30);
  auto permutation = rng.permutation(50);
  std::sort(permutation.begin(), permutation.end());
  for (std::int64_t i = 0; i < 50; ++i) CHECK(permutation[static_cast<std::size_t>(i)] == i);
  CHECK(rng.permutation(0).empty());
  CHECK_THROWS(rng.sample(3, 4));
}
