// lcmd. Numbers by hand unless said otherwise.

#include <cmath>

#include <ATen/ops/one_hot.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "query/fake_predictions.hpp"

using namespace al_mpi;

namespace {

/// The definition word for word on points [N, d]: all distances anew for each pick.
Indices picked(const at::Tensor& points, const Question& question) {
  Indices centers = question.labeled;
  Indices picks;
  while (static_cast<std::int64_t>(picks.size()) < question.n) {
    const at::Tensor c = points.index_select(0, at::tensor(centers));
    const at::Tensor squared = (points.unsqueeze(1) - c.unsqueeze(0)).square().sum(2);
    const auto [nearest, cluster] = squared.min(1);
    const at::Tensor sums = at::zeros({c.size(0)}, at::kDouble).scatter_add(0, cluster, nearest);
    const std::int64_t largest = sums.argmax().item<std::int64_t>();
    const std::int64_t farthest =
        nearest.masked_fill(cluster != largest, -1.0).argmax().item<std::int64_t>();
    picks.push_back(farthest);
    centers.push_back(farthest);
  }
  return picks;
}

}  // namespace

TEST_CASE("lcmd prefers the cluster of the larger sum to the farthest sample") {
  // Around the labelled 0: 1, 2 and 3 at distances 3, -3 and 2, sum 22. Around the labelled 100:
  // one at distance 4, sum 16. Farthest-first would take the latter.
  Question question;
  question.options.lcmd_distances = LcmdDistances::features;
  question.predictions.stored_embeddings = matrix({{0}, {100}, {3}, {-3}, {2}, {104}});
  question.labeled = {0, 1};
  question.labels = {0, 1};
  question.unlabeled = {2, 3, 4, 5};
  question.n = 4;
  const Picks picks = question.ask("lcmd");
  CHECK((picks[0].index == 2 || picks[0].index == 3));
  CHECK(picks[0].score == Approx(3.0));
  // Either way the sums are then below 16: 9 + 4 or, once 3 is a centre, 9 and 1.
  CHECK(picks[1].index == 5);
  CHECK(picks[1].score == Approx(4.0));
  CHECK(picks[2].index == 5 - picks[0].index);
  CHECK(picks[2].score == Approx(3.0));
  CHECK(picks[3].index == 4);
}

TEST_CASE("lcmd picks as the definition does with all distances at hand") {
  Question question = random_question(500);  // 167 labelled: more than one chunk of centres
  question.n = 30;
  question.options.lcmd_distances = LcmdDistances::features;
  const FakePredictions& p = question.predictions;
  CHECK(indices_of(question.ask("lcmd")) == picked(p.stored_embeddings.to(at::kDouble), question));
  question.options.features = DiversityFeatures::penultimate;
  CHECK(indices_of(question.ask("lcmd")) == picked(p.stored_features.to(at::kDouble), question));

  question.options = QueryOptions();
  const at::Tensor a = p.probs.to(at::kDouble) - at::one_hot(p.probs.argmax(1), p.probs.size(1));
  const at::Tensor gradients =
      (a.unsqueeze(2) * p.stored_features.to(at::kDouble).unsqueeze(1)).flatten(1);
  CHECK(indices_of(question.ask("lcmd")) == picked(gradients, question));
}

TEST_CASE("without labels lcmd starts with the longest") {
  Question question;
  question.options.lcmd_distances = LcmdDistances::features;
  question.predictions.stored_embeddings = matrix({{1, 0}, {3, 4}, {0, 2}});
  question.unlabeled = range(0, 3);
  question.n = 2;
  const Picks picks = question.ask("lcmd");
  CHECK(picks[0].index == 1);
  CHECK(picks[0].score == Approx(5.0));
  CHECK(picks[1].index == 0);  // sqrt(20) from it; the other is sqrt(13) away
  CHECK(picks[1].score == Approx(std::sqrt(20.0)));
}
