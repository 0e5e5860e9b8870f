#include <ATen/ops/tensor.h>

#include "query/fake_predictions.hpp"

using namespace al_mpi;

TEST_CASE("loss_prediction takes the greatest predicted losses") {
  Question question;
  question.predictions.losses = at::tensor({0.5F, 3.0F, -1.0F, 2.0F, 9.0F});
  question.unlabeled = {0, 1, 2, 3};
  question.n = 2;
  CHECK(indices_of(question.ask("loss_prediction")) == Indices{1, 3});
}

TEST_CASE("loss_prediction looks at 10,000 candidates drawn at random") {
  Question question;
  constexpr std::int64_t n_pool = 12'000;
  std::vector<float> losses;
  for (std::int64_t i = 0; i < n_pool; ++i) losses.push_back(static_cast<float>(i));
  question.predictions.losses = at::tensor(losses);
  question.unlabeled = range(0, n_pool);
  question.n = 600;
  const Indices picks = indices_of(question.ask("loss_prediction"));
  CHECK(std::is_sorted(picks.rbegin(), picks.rend()));
  // 600 of the best 720, give or take: a sixth of the candidates is not looked at.
  CHECK(picks.back() < n_pool - 690);
  CHECK(picks.back() > n_pool - 750);
  question.seed = 2;
  CHECK(indices_of(question.ask("loss_prediction")) != picks);
  question.n = n_pool - 1;  // more than that are looked at where more are wanted
  CHECK(question.ask("loss_prediction").size() == 11'999U);
}

TEST_CASE("only strategies that ask for predicted losses need a loss predictor") {
  QueryOptions options;
  CHECK(needs_predicted_losses("loss_prediction", options));
  CHECK_FALSE(needs_predicted_losses("random_sampling", options));
  CHECK_FALSE(needs_predicted_losses("two_stage", options));
  options.two_stage_first = "loss_prediction";
  CHECK(needs_predicted_losses("two_stage", options));
  CHECK_FALSE(needs_predicted_losses("margin_sampling", options));
}
