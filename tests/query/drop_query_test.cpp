// drop_query. Numbers by hand.

#include <map>

#include <ATen/ops/tensor.h>

#include "query/fake_predictions.hpp"

using namespace al_mpi;

namespace {

/// Class 0 where the sum of the first four features is above 0, class 1 where it is below, by a
/// bias that says 1 where all are dropped.
LinearHead sign_head() {
  return {matrix({{1, 1, 1, 1}, {-1, -1, -1, -1}}), at::tensor(std::vector<float>{0.0F, 0.1F})};
}

}  // namespace

TEST_CASE("DropQuery picks among samples whose class changes without some of their features") {
  // Samples 0 ... 59 predict class 0 until all four features are dropped (probability 0.75^4 =
  // 0.32); 60 ... 99 predict class 1 whatever is dropped.
  Question question;
  at::Tensor features = random_tensor({100, 4}, 1).abs() + 1.0;
  features.narrow(0, 60, 40).mul_(-1.0);
  question.predictions.stored_features = features;
  question.predictions.stored_head = sign_head();
  question.unlabeled = range(0, 100);
  question.n = 1;
  std::map<double, int> counts;
  for (question.seed = 1; question.seed <= 300; ++question.seed) {
    const Pick pick = question.ask("drop_query")[0];
    CHECK(pick.index < 60);
    ++counts[pick.score];
  }
  // Two or three changes of three have the probability 3 x 0.32^2 x 0.68 + 0.32^3 = 0.24, so that
  // 14 of the 60 are expected: fewer than the 25 wanted, so the threshold falls to one change
  // (0.68 of them: 41).
  CHECK(counts.size() == 3);
  CHECK(counts.begin()->first == Approx(1.0 / 3));
}

TEST_CASE("where enough change in most passes DropQuery looks at no others") {
  Question question;
  question.predictions.stored_features = random_tensor({400, 4}, 1).abs() + 1.0;
  question.predictions.stored_head = sign_head();
  question.unlabeled = range(0, 400);  // 96 are expected to change twice, 25 are wanted
  question.n = 1;
  for (question.seed = 1; question.seed <= 100; ++question.seed) {
    CHECK(question.ask("drop_query")[0].score >= 0.66);
  }
}

TEST_CASE("DropQuery's candidates are spread over clusters of directions") {
  // Four directions, in each of which samples of any length change: one pick of each.
  Question question;
  at::Tensor features = random_tensor({400, 4}, 1).abs() * 0.02;
  for (std::int64_t i = 0; i < 400; ++i) {
    features[i][i % 4] += 1.0;
    features[i] *= 1.0 + static_cast<double>(i % 7);
  }
  question.predictions.stored_features = features;
  question.predictions.stored_head = sign_head();
  question.unlabeled = range(0, 400);
  question.n = 4;
  std::map<std::int64_t, int> directions;
  for (const Pick& pick : question.ask("drop_query")) ++directions[pick.index % 4];
  CHECK(directions.size() == 4);
}
