// falcun. Numbers by hand.

#include <cmath>
#include <map>

#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include "query/fake_predictions.hpp"

using namespace al_mpi;

namespace {

/// Pearson's statistic of counts against weights.
double chi_squared(const std::map<std::int64_t, double>& weights,
                   std::map<std::int64_t, double> counts) {
  double sum = 0.0, drawn = 0.0, statistic = 0.0;
  for (const auto& [index, weight] : weights) {
    sum += weight;
    drawn += counts[index];
  }
  for (const auto& [index, weight] : weights) {
    const double expected = drawn * weight / sum;
    statistic += std::pow(counts[index] - expected, 2) / expected;
  }
  return statistic;
}

}  // namespace

TEST_CASE("FALCUN draws by uncertainty first, then by distance to what was drawn as well") {
  // Margins 0, 0.1, 0.2: u = 1, 0.9, 0.8, which scaled to 0 ... 1 are 1, 0.5, 0: relevance 2, 1.4,
  // 0.8 to the power of 10. 99.9 % quantiles of chi-squared: 13.8 (two degrees), 10.8 (one).
  Question question;
  question.predictions.probs = matrix({{0.5F, 0.5F}, {0.55F, 0.45F}, {0.4F, 0.6F}});
  question.unlabeled = range(0, 3);
  question.n = 2;
  std::map<std::int64_t, double> first, second;
  for (question.seed = 1; question.seed <= 4000; ++question.seed) {
    const Picks picks = question.ask("falcun");
    ++first[picks[0].index];
    if (picks[0].index == 0) {
      ++second[picks[1].index];
      // L1 distances to sample 0 are 0.1 and 0.2, scaled 0 and 1: relevance 0.9 and 1.8.
      CHECK(picks[1].score == Approx(picks[1].index == 1 ? 0.9 : 1.8).epsilon(1e-5));
    }
  }
  CHECK(chi_squared({{0, std::pow(2.0, 10)}, {1, std::pow(1.4, 10)}, {2, std::pow(0.8, 10)}},
                    first) < 13.8);
  CHECK(chi_squared({{1, std::pow(0.9, 10)}, {2, std::pow(1.8, 10)}}, second) < 10.8);
}

TEST_CASE("FALCUN compares images by their mean probabilities") {
  // The mean of an image of certain pixels of two classes is as unsure as can be.
  const auto image = [](const std::vector<float>& of_class_0) {
    const at::Tensor p = at::tensor(of_class_0).view({1, 1, 2});
    return at::cat({p, 1.0 - p});
  };
  Question question;
  question.predictions.probs = at::stack({image({1, 0}), image({0.6F, 0.6F}), image({1, 1})});
  question.unlabeled = range(0, 3);
  question.n = 3;
  const Picks picks = question.ask("falcun");
  // Uncertainties 1, 0.8 and 0, which are their scaled distances, too.
  CHECK(picks[0].index != 2);
  CHECK(picks[0].score == Approx(picks[0].index == 0 ? 2.0 : 1.6));
}
