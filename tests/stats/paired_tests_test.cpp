#include <cmath>

#include "catch.hpp"
#include <al_mpi/stats/paired_tests.hpp>
#include <al_mpi/stats/sample.hpp>

using namespace al_mpi;

namespace {
const std::vector<double> a = {0.81, 0.79, 0.84, 0.80, 0.86, 0.83, 0.78, 0.85};
const std::vector<double> b = {0.78, 0.80, 0.80, 0.74, 0.81, 0.81, 0.71, 0.77};
}  // namespace

TEST_CASE("the paired t-test agrees with scipy.stats.ttest_rel") {
  const PairedTest t = paired_t(a, b);
  CHECK(t.n == 8);
  CHECK(t.difference == Approx(0.0425));
  CHECK(t.statistic == Approx(4.123105625617656));
  CHECK(t.p == Approx(0.004442222838201264));
  CHECK(paired_t(b, a).p == Approx(t.p));
  CHECK(paired_t(b, a).statistic == Approx(-t.statistic));
}

TEST_CASE("differences that do not vary, but for rounding, have no statistic and no p") {
  const std::vector<double> shifted = {0.6, 0.7, 0.8, 0.9}, base = {0.5, 0.6, 0.7, 0.8};
  std::vector<double> single;  // as if stored in single precision
  for (const double value : shifted)
    single.push_back(static_cast<double>(static_cast<float>(value)));
  for (const auto& other : {base, shifted, single}) {
    const PairedTest t = paired_t(shifted, other), w = wilcoxon_signed_rank(shifted, other);
    CHECK(t.n == 4);
    CHECK(t.difference == Approx(other == base ? 0.1 : 0.0).margin(1e-7));
    CHECK(std::isnan(t.statistic));
    CHECK(std::isnan(t.p));
    CHECK(std::isnan(w.p));
    CHECK(std::isnan(hedges_g(shifted, other)));
    CHECK(std::isnan(non_inferiority_p(shifted, other, 0.05)));
  }
  CHECK(paired_t({0.6, 0.7, 0.80001}, {0.5, 0.6, 0.7}).p < 0.001);  // small, but no rounding
}

TEST_CASE("one pair cannot be tested, and missing pairs are left out") {
  CHECK(std::isnan(paired_t({1}, {0}).p));
  CHECK(std::isnan(paired_t({1, missing, 3}, {0, 2, missing}).p));
  CHECK(paired_t({1, missing, 3}, {0, 2, missing}).n == 1);
  CHECK(std::isnan(wilcoxon_signed_rank({}, {}).p));
  CHECK(std::isnan(wilcoxon_signed_rank({1}, {0}).p));
}

TEST_CASE("Wilcoxon's p without ties is exact") {
  // Only the smallest difference is negative: W- = 1, two of 2^8 sign patterns a side.
  const PairedTest w = wilcoxon_signed_rank(a, b);
  CHECK(w.statistic == Approx(35.0));
  CHECK(w.p == Approx(4.0 / 256));
}

TEST_CASE("Wilcoxon's p is exact with ties and a zero") {
  // Differences 3, -1, 2, 0, 2: ranks 4, 1, 2.5, 2.5. W+ = 9; two of 16 patterns reach it.
  const PairedTest w = wilcoxon_signed_rank({3, 0, 2, 5, 7}, {0, 1, 0, 5, 5});
  CHECK(w.n == 5);
  CHECK(w.statistic == Approx(9.0));
  CHECK(w.p == Approx(0.25));
}

TEST_CASE("ties are found although bits differ") {
  CHECK(wilcoxon_signed_rank({0.3, 0.1}, {0.2, 0.2}).statistic == Approx(1.5));
}

TEST_CASE("many pairs agree with scipy's normal approximation") {
  std::vector<double> d, zero(300, 0.0);
  for (int i = 0; i < 300; ++i) d.push_back(i % 3 == 0 ? -(i + 1) : i + 1);
  CHECK(wilcoxon_signed_rank(d, zero).p == Approx(3.97134975916638e-07));
}

TEST_CASE("the effect size is the corrected mean over deviation") {
  // mean 2, deviation 1, n = 3: J = 1 - 3 / 7
  CHECK(hedges_g({1, 2, 3}, {0, 0, 0}) == Approx(2.0 * 4 / 7));
}

TEST_CASE("no worse by a margin is a one-sided t-test") {
  // d + 1 = 0, 1, 2: t = sqrt(3) with 2 degrees of freedom, P(T > t) = (1 - t / sqrt(2 + t^2)) / 2
  CHECK(non_inferiority_p({-1, 0, 1}, {0, 0, 0}, 1.0) ==
        Approx(0.5 * (1 - std::sqrt(3.0) / std::sqrt(5.0))));
  CHECK(non_inferiority_p({-9, -8, -9}, {0, 0, 0}, 1.0) > 0.99);
}

TEST_CASE("wins, ties and losses are counted over known pairs") {
  const WinTieLoss w = win_tie_loss({1, 2, 3, missing, 0.1 + 0.2}, {0, 3, 1, 1, 0.3});
  CHECK(w.win == 2);
  CHECK(w.tie == 1);
  CHECK(w.loss == 1);
}

TEST_CASE("Holm's adjustment steps down, stays monotone and ignores missing tests") {
  const auto p = holm({0.01, 0.04, missing, 0.03, 0.005});
  CHECK(p[4] == Approx(0.02));
  CHECK(p[0] == Approx(0.03));
  CHECK(p[3] == Approx(0.06));
  CHECK(p[1] == Approx(0.06));
  CHECK(std::isnan(p[2]));
  CHECK(holm({0.7, 0.8}) == std::vector<double>{1.0, 1.0});
  CHECK(holm({}).empty());
}

TEST_CASE("equivalence is shown by both one-sided tests, the larger p counts") {
  // Against a margin of 0.06, by
  // scipy.stats.ttest_rel(a + 0.06, b, alternative="greater") and (a - 0.06, b, "less").
  const Equivalence e = equivalence(a, b, 0.06);
  CHECK(e.not_lower == Approx(1.1100696928725346e-05));
  CHECK(e.not_higher == Approx(0.06668223605012118));
  CHECK(e.both == e.not_higher);
  const Equivalence turned = equivalence(b, a, 0.06);
  CHECK(turned.not_lower == Approx(e.not_higher));
  CHECK(turned.not_higher == Approx(e.not_lower));
  // No difference, but one that is not resolved, is not equivalence.
  const std::vector<double> wild = {0.1, -0.1, 0.2, -0.2}, zero(4, 0.0);
  CHECK(paired_t(wild, zero).p == Approx(1.0));
  CHECK(equivalence(wild, zero, 0.01).both > 0.4);
  CHECK(equivalence(wild, zero, 10.0).both < 0.001);
  CHECK(std::isnan(equivalence({1}, {0}, 0.1).both));
  CHECK(std::isnan(equivalence({0.5, 0.5}, {0.5, 0.5}, 0.1).both));  // nothing varies
}
