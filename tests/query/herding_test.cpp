// max_herding (strategy and initial set), uherding. Numbers by hand unless said otherwise.

#include <cmath>
#include <set>

#include <ATen/ops/maximum.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "query/fake_predictions.hpp"

using namespace al_mpi;

namespace {

/// The definition word for word, with the whole kernel in float64: no tiles, no updates.
Indices herded(const at::Tensor& features, const Question& question, const at::Tensor& weights,
               double sigma) {
  const at::Tensor x = features.to(at::kDouble);
  const at::Tensor unit = x / x.square().sum(1, true).sqrt();
  const at::Tensor squared = (unit.unsqueeze(0) - unit.unsqueeze(1)).square().sum(2);
  const at::Tensor kernel = (-squared / (sigma * sigma)).exp();
  at::Tensor covered = at::zeros_like(kernel[0]);
  for (const std::int64_t i : question.labeled) covered = at::maximum(covered, kernel[i]);
  Indices picks;
  while (static_cast<std::int64_t>(picks.size()) < question.n) {
    std::int64_t best = -1;
    double best_gain = -1.0;
    for (const std::int64_t i : question.unlabeled) {
      if (std::find(picks.begin(), picks.end(), i) != picks.end()) continue;
      const double gain = (weights * (kernel[i] - covered).clamp_min(0.0)).mean().item<double>();
      if (gain > best_gain) {
        best = i;
        best_gain = gain;
      }
    }
    picks.push_back(best);
    covered = at::maximum(covered, kernel[best]);
  }
  return picks;
}

/// Directions of the plane: three samples at 0, two at 90, one at 180 degrees; of various lengths.
/// Squared distances of unit vectors are 2 to a neighbour and 4 across.
at::Tensor three_directions() {
  return matrix({{1, 0}, {5, 0}, {2, 0}, {0, 1}, {0, 3}, {-4, 0}});
}

}  // namespace

TEST_CASE("max_herding takes the direction that covers most, then what is covered least") {
  Question question;
  question.predictions.stored_embeddings = three_directions();
  question.unlabeled = range(0, 6);
  question.n = 6;
  for (const bool initial : {false, true}) {
    const Picks picks = initial ? question.ask_init("max_herding") : question.ask("max_herding");
    const double near = std::exp(-2.0), far = std::exp(-4.0);
    CHECK(picks[0].index < 3);
    CHECK(picks[0].score == Approx((3 + 2 * near + far) / 6).epsilon(1e-6));
    // 90 degrees covers its two samples and, better than 0 degrees does, the last.
    CHECK((picks[1].index == 3 || picks[1].index == 4));
    CHECK(picks[1].score == Approx((2 * (1 - near) + near - far) / 6).epsilon(1e-6));
    CHECK(picks[2].index == 5);
    CHECK(picks[2].score == Approx((1 - near) / 6).epsilon(1e-6));
    // Copies of what was picked gain nothing; each comes once.
    for (std::size_t i = 3; i < 6; ++i) CHECK(picks[i].score == Approx(0.0).margin(1e-6));
    const Indices all = indices_of(picks);
    CHECK(std::set<std::int64_t>(all.begin(), all.end()).size() == 6);
  }
}

TEST_CASE("what is labelled covers already") {
  Question question;
  question.predictions.stored_embeddings = three_directions();
  question.labeled = {0};
  question.unlabeled = range(1, 6);
  question.n = 1;
  const Picks picks = question.ask("max_herding");
  CHECK((picks[0].index == 3 || picks[0].index == 4));
  CHECK(picks[0].score ==
        Approx((2 * (1 - std::exp(-2.0)) + std::exp(-2.0) - std::exp(-4.0)) / 6).epsilon(1e-6));
}

TEST_CASE("max_herding picks as the definition does with the whole kernel at hand") {
  for (const std::int64_t seed : {1, 2, 3}) {
    for (const bool labeled : {false, true}) {
      Question question = random_question(1500, seed);  // more than one tile of covered points
      if (!labeled) {
        question.labeled.clear();
        question.labels.clear();
        question.unlabeled = range(0, 1500);
      } else {
        question.labeled.resize(20);
        question.labels.resize(20);
      }
      question.n = 25;
      Question pool = question;  // the pool is what is labelled or a candidate
      Indices rows = question.unlabeled;
      rows.insert(rows.end(), question.labeled.begin(), question.labeled.end());
      rows = sorted(rows);
      const at::Tensor points =
          question.predictions.stored_embeddings.index_select(0, at::tensor(rows));
      const auto place = [&](Indices& indices) {
        for (std::int64_t& i : indices) {
          i = std::lower_bound(rows.begin(), rows.end(), i) - rows.begin();
        }
      };
      place(pool.labeled);
      place(pool.unlabeled);
      Indices expected = herded(points, pool, at::ones({points.size(0)}, at::kDouble), 1.0);
      for (std::int64_t& i : expected) i = rows[static_cast<std::size_t>(i)];
      CHECK(indices_of(question.ask("max_herding")) == expected);
    }
  }
}

TEST_CASE("of many equal samples max_herding picks one, as long as others gain") {
  Question question;
  at::Tensor points = random_tensor({200, 4}, 3);
  points.narrow(0, 0, 150).copy_(points[0].unsqueeze(0).expand({150, 4}));
  question.predictions.stored_embeddings = points;
  question.unlabeled = range(0, 200);
  question.n = 40;
  int n_copies = 0;
  for (const Pick& pick : question.ask("max_herding")) {
    n_copies += pick.index < 150 ? 1 : 0;
    CHECK(std::isfinite(pick.score));
  }
  CHECK(n_copies == 1);
}

TEST_CASE("uherding weighs what it covers by the network's uncertainty") {
  // Two labelled samples 60 degrees apart are at distance 1, which is the kernel's width. Of three
  // candidates, at 180, 240 and 300 degrees, the network doubts the first (margin 0.2) and is sure
  // of the others (margins 1). Neighbours at 60 degrees are at squared distance 1, at 120 at 3, and
  // opposite ones at 4.
  const auto at_degrees = [](double degrees) {
    const double angle = degrees * std::acos(-1.0) / 180.0;
    return std::vector<float>{static_cast<float>(3 * std::cos(angle)),
                              static_cast<float>(3 * std::sin(angle))};
  };
  Question question;
  question.predictions.stored_embeddings =
      matrix({at_degrees(0), at_degrees(60), at_degrees(180), at_degrees(240), at_degrees(300)});
  question.predictions.probs = matrix({{0.5F, 0.5F}, {0.5F, 0.5F}, {0.6F, 0.4F}, {1, 0}, {0, 1}});
  question.labeled = {0, 1};
  question.labels = {0, 1};
  question.unlabeled = {2, 3, 4};
  question.n = 1;
  const Picks picks = question.ask("uherding");
  CHECK(picks[0].index == 2);
  CHECK(picks[0].score == Approx(0.8 * (1 - std::exp(-3.0)) / 5).epsilon(1e-5));
}

TEST_CASE("uherding picks as the definition does with the whole kernel at hand") {
  Question question = random_question(400);
  question.n = 20;
  question.labels.clear();  // temperature 1
  const at::Tensor& embeddings = question.predictions.stored_embeddings;
  const at::Tensor unit = (embeddings / embeddings.square().sum(1, true).sqrt()).to(at::kDouble);
  const at::Tensor labeled = unit.index_select(0, at::tensor(question.labeled));
  const at::Tensor squared = (labeled.unsqueeze(0) - labeled.unsqueeze(1)).square().sum(2);
  const double sigma = squared.masked_fill(squared < 1e-9, 9.0).min().sqrt().item<double>();
  const auto top = std::get<0>(question.predictions.probs.to(at::kDouble).topk(2, 1));
  at::Tensor weights = 1.0 - (top.select(1, 0) - top.select(1, 1));
  weights.index_fill_(0, at::tensor(question.labeled), 0.0);
  CHECK(sigma < 0.2);
  CHECK(indices_of(question.ask("uherding")) == herded(embeddings, question, weights, sigma));
}

TEST_CASE("equal labelled samples leave uherding a width") {
  Question question = random_question(60);
  at::Tensor& points = question.predictions.stored_embeddings;
  for (const std::int64_t i : question.labeled) points[i].copy_(points[0]);
  question.n = 5;
  for (const Pick& pick : question.ask("uherding")) {
    CHECK(std::isfinite(pick.score));
    CHECK(pick.score > 0.0);
  }
}
