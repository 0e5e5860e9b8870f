#include "src/query/scores/per_cost.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <ATen/ops/tensor.h>

#include "query/fake_predictions.hpp"
#include <al_mpi/catalog/catalog.hpp>

using namespace al_mpi;

namespace {

std::vector<double> numbers(const at::Tensor& values) {
  const double* first = values.data_ptr<double>();
  return {first, first + values.numel()};
}

/// What a strategy picks with costs, against what it picks without, or against its scores.
void check_costs_of(const StrategyInfo& info) {
  Question question = random_question(60);
  question.n = 5;
  question.cost_of = [](std::int64_t i) {
    return i % 4 == 1 ? 0.01 : 1.0 + static_cast<double>(i);
  };
  std::map<std::int64_t, double> scores;
  const auto ask = [&] {
    QueryContext context = question.context();
    context.keep_scores = [&](const Indices& indices, const at::Tensor& values) {
      const auto all = numbers(values.to(at::kDouble).contiguous());
      for (std::size_t i = 0; i < all.size(); ++i) scores[indices[i]] = all[i];
    };
    return strategy(info.name)(context);
  };
  const Picks plain = ask();
  question.options.cost = CostRule::score_per_cost;
  const Picks by_cost = ask();
  if (!info.ranks) {
    CHECK(indices_of(by_cost) == indices_of(plain));
    return;
  }
  CHECK(indices_of(by_cost) != indices_of(plain));
  REQUIRE(scores.size() == 40);
  const bool draws = info.name.rfind("power_", 0) == 0 || info.name.rfind("soft", 0) == 0;
  if (draws) return;
  double lowest = 0;
  for (const auto& [index, score] : scores) lowest = std::min(lowest, score);
  std::vector<double> best;
  for (const auto& [index, score] : scores) {
    best.push_back((score - lowest) / question.cost_of(index));
  }
  std::sort(best.rbegin(), best.rend());
  for (std::size_t i = 0; i < by_cost.size(); ++i) CHECK(by_cost[i].score == Approx(best[i]));
}

}  // namespace

TEST_CASE("scores are raised to 0 and divided by what the labels cost") {
  Question question;
  question.unlabeled = {2, 5, 7, 8};
  question.options.cost = CostRule::score_per_cost;
  question.cost_of = [](std::int64_t i) { return i == 5 ? 4.0 : 0.5; };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto divided = [&](const std::vector<double>& scores) {
    return numbers(scores_per_cost(question.context(), at::tensor(scores, at::kDouble)));
  };
  CHECK(divided({1, 2, 3, 0}) == std::vector<double>{2, 0.5, 6, 0});
  CHECK(divided({-1, -0.5, -0.25, -0.75}) == std::vector<double>{0, 0.125, 1.5, 0.5});
  const auto with_nan = divided({-1, nan, -0.25, -0.75});
  CHECK(std::isnan(with_nan[1]));
  CHECK(with_nan[2] == 1.5);
  question.options.cost = CostRule::ignored;
  CHECK(divided({-1, -0.5, -0.25, -0.75}) == std::vector<double>{-1, -0.5, -0.25, -0.75});
}

TEST_CASE("by score per cost a cheap sample comes before a better one that costs more") {
  // Margins p1 - p2: 0.1, 0.2, 0.6, 0.8. Raised: 0.7, 0.6, 0.2, 0. Costs 8, 2, 0.5, 0.1.
  Question question;
  question.unlabeled = range(0, 4);
  question.predictions.probs =
      at::tensor({0.55, 0.45, 0.6, 0.4, 0.8, 0.2, 0.9, 0.1}).reshape({4, 2});
  question.n = 4;
  question.cost_of = [](std::int64_t i) {
    return std::vector<double>{8, 2, 0.5, 0.1}[static_cast<std::size_t>(i)];
  };
  CHECK(indices_of(question.ask("margin_sampling")) == Indices{0, 1, 2, 3});
  question.options.cost = CostRule::score_per_cost;
  const Picks picks = question.ask("margin_sampling");
  CHECK(indices_of(picks) == Indices{2, 1, 0, 3});
  CHECK(picks[0].score == Approx(0.4));
  CHECK(picks[1].score == Approx(0.3));
  CHECK(picks[2].score == Approx(0.0875));
  CHECK(picks[3].score == 0.0);
}

TEST_CASE("a strategy divides its scores by costs where the catalogue says that it ranks by them") {
  for (const StrategyInfo& info : strategy_catalog()) {
    const bool asks_others = info.name == "two_stage" || info.name == "schedule";
    if (asks_others) continue;
    DYNAMIC_SECTION(info.name) {
      check_costs_of(info);
    }
  }
}

TEST_CASE("stages and parts divide by costs, initial sets do not") {
  Question question = random_question(60);
  question.n = 4;
  question.options.cost = CostRule::score_per_cost;
  question.cost_of = [](std::int64_t i) { return i % 4 == 1 ? 0.01 : 1.0; };
  const Indices margins = indices_of(question.ask("margin_sampling"));
  question.options.schedule = {{"margin_sampling", 0}};
  CHECK(indices_of(question.ask("schedule")) == margins);
  question.options.two_stage_first = "margin_sampling";
  question.options.two_stage_factor = 1;
  CHECK(sorted(indices_of(question.ask("two_stage"))) == sorted(margins));
  const Indices initial = indices_of(question.ask_init("typiclust"));
  question.options.cost = CostRule::ignored;
  CHECK(indices_of(question.ask_init("typiclust")) == initial);
}
