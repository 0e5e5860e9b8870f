#include <al_mpi/stats/penalty.hpp>

#include <cmath>

#include <al_mpi/base/error.hpp>
#include <al_mpi/stats/paired_tests.hpp>

namespace al_mpi {
namespace {

struct Comparison {
  std::size_t a, b;
  PairedTest test;
};

std::vector<Comparison> all_pairs(const StrategyCurves& curves, std::size_t budget) {
  std::vector<Comparison> pairs;
  for (std::size_t a = 0; a < curves.size(); ++a) {
    for (std::size_t b = a + 1; b < curves.size(); ++b) {
      pairs.push_back({a, b, paired_t(curves[a][budget], curves[b][budget])});
    }
  }
  return pairs;
}

void adjust(std::vector<Comparison>& pairs) {
  std::vector<double> p;
  for (const Comparison& pair : pairs) p.push_back(pair.test.p);
  p = holm(p);
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i].test.p = p[i];
}

}  // namespace

std::vector<std::vector<int>> penalty_matrix(const StrategyCurves& curves,
                                             const PenaltyOptions& options) {
  std::vector<std::vector<int>> wins(curves.size(), std::vector<int>(curves.size(), 0));
  const std::size_t budgets = curves.empty() ? 0 : curves.front().size();
  for (const auto& curve : curves) {
    check(curve.size() == budgets, "curves of {} and {} budgets", budgets, curve.size());
  }
  for (std::size_t budget = 0; budget < budgets; ++budget) {
    std::vector<Comparison> pairs = all_pairs(curves, budget);
    if (options.holm) adjust(pairs);
    for (const auto& [a, b, test] : pairs) {
      if (!(test.p < options.alpha)) continue;  // NaN: too few seeds to say
      ++(test.difference > 0.0 ? wins[a][b] : wins[b][a]);
    }
  }
  return wins;
}

}  // namespace al_mpi
