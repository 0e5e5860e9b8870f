// typiclust, prob_cover, k-means++ and facility location. Numbers by hand unless said otherwise.

#include <cmath>
#include <map>
#include <set>

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "query/fake_predictions.hpp"
#include "src/query/geometry/ball_cover.hpp"

using namespace al_mpi;

namespace {

/// Points on the unit circle at these angles [degrees].
at::Tensor on_circle(const std::vector<double>& degrees) {
  std::vector<float> values;
  for (const double angle : degrees) {
    values.push_back(static_cast<float>(std::cos(angle * M_PI / 180)));
    values.push_back(static_cast<float>(std::sin(angle * M_PI / 180)));
  }
  return at::tensor(values).view({-1, 2});
}

Question on_embeddings(const at::Tensor& embeddings, std::int64_t n) {
  Question question;
  question.predictions.stored_embeddings = embeddings;
  question.predictions.probs = at::zeros({embeddings.size(0), 2});
  question.unlabeled = range(0, embeddings.size(0));
  question.n = n;
  return question;
}

/// Who lies in whose ball, pair by pair.
std::vector<std::set<std::int64_t>> balls(const at::Tensor& points, double radius) {
  const std::int64_t n = points.size(0);
  const at::Tensor distances =
      (points.unsqueeze(1) - points.unsqueeze(0)).square().sum(2).sqrt().contiguous();
  const float* distance = distances.data_ptr<float>();
  std::vector<std::set<std::int64_t>> all(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j, ++distance) {
      if (i == j || *distance < radius) all[static_cast<std::size_t>(i)].insert(j);
    }
  }
  return all;
}

std::int64_t n_covered(const std::vector<std::set<std::int64_t>>& graph, const Indices& centers) {
  std::set<std::int64_t> covered;
  for (const std::int64_t center : centers) {
    const auto& ball = graph[static_cast<std::size_t>(center)];
    covered.insert(ball.begin(), ball.end());
  }
  return static_cast<std::int64_t>(covered.size());
}

/// Mean distance of all points to the nearest centre.
double mean_distance(const at::Tensor& points, const Indices& centers) {
  const at::Tensor chosen = points.index_select(0, at::tensor(centers));
  return (points.unsqueeze(1) - chosen.unsqueeze(0))
      .square()
      .sum(2)
      .sqrt()
      .amin(1)
      .mean()
      .item<double>();
}

}  // namespace

TEST_CASE("typiclust takes the densest sample of each of two blobs") {
  // Around 0 and 90 degrees; the middle one of each has the nearest neighbours.
  Question question = on_embeddings(
      on_circle({-4, -2.5, -0.5, 0, 0.5, 2.5, 4, 86, 87.5, 89.5, 90, 90.5, 92.5, 94}), 2);
  for (question.seed = 0; question.seed < 5; ++question.seed) {
    CHECK(sorted(indices_of(question.ask("typiclust"))) == Indices{3, 10});
    CHECK(sorted(indices_of(question.ask_init("typiclust"))) == Indices{3, 10});
    question.round = 1;
  }
}

TEST_CASE("typiclust turns to the cluster without a label") {
  Question question = on_embeddings(
      on_circle({-4, -2.5, -0.5, 0, 0.5, 2.5, 4, 86, 87.5, 89.5, 90, 90.5, 92.5, 94}), 1);
  question.labeled = {3};
  question.labels = {0};
  question.unlabeled.erase(question.unlabeled.begin() + 3);
  CHECK(indices_of(question.ask("typiclust")) == Indices{10});
}

TEST_CASE("a ball gains who is nearer than the radius and not covered") {
  // Chords: 2 sin(a / 2): 10 degrees 0.1743, 20 degrees 0.3473.
  BallCover cover(on_circle({0, 10, 20, 90}), 0.2, {});
  const auto gains = [&] {
    return Indices{cover.gain(0), cover.gain(1), cover.gain(2), cover.gain(3)};
  };
  CHECK(gains() == Indices{2, 3, 2, 1});
  cover.take(0);
  CHECK(gains() == Indices{0, 1, 1, 1});
  cover.take(3);
  CHECK(gains() == Indices{0, 1, 1, 0});
  BallCover labeled(on_circle({0, 10, 20, 90}), 0.2, {1});
  CHECK(labeled.gain(0) == 0);
  CHECK(labeled.gain(3) == 1);
}

TEST_CASE("gains over many tiles are those of all pairs, whichever are fewer: covered or not") {
  at::Tensor points = random_tensor({700, 3}, 5);
  points = points / points.square().sum(1, true).sqrt();
  points[17].fill_(std::nan(""));
  for (const double radius : {0.3, 1.5}) {
    INFO("radius " << radius);
    const auto graph = balls(points, radius);
    std::set<std::int64_t> covered = graph[3];
    BallCover cover(points, radius, {3});
    Indices taken = {3};
    for (const std::int64_t next : {5, 600, 44, 301}) {
      std::int64_t n_wrong = 0;
      for (std::int64_t i = 0; i < 700; ++i) {
        std::int64_t wanted = 0;
        for (const std::int64_t j : graph[static_cast<std::size_t>(i)]) {
          if (j != 17) wanted += covered.count(j) == 0 ? 1 : 0;
        }
        if (std::find(taken.begin(), taken.end(), i) != taken.end() || i == 17) wanted = 0;
        n_wrong += std::abs(cover.gain(static_cast<std::size_t>(i)) - wanted);
      }
      CHECK(n_wrong <= 2);  // a distance that rounding puts on the other side
      cover.take(static_cast<std::size_t>(next));
      taken.push_back(next);
      const auto& ball = graph[static_cast<std::size_t>(next)];
      covered.insert(ball.begin(), ball.end());
    }
  }
}

TEST_CASE("prob_cover takes one sample of each of two clusters that lie apart, then the farthest") {
  // The radius reaches across the gap, so that each ball holds its whole cluster.
  at::Tensor points = 0.05 * random_tensor({400, 8}, 9);
  points.narrow(0, 0, 200).select(1, 0).add_(1.0);
  points.narrow(0, 200, 200).select(1, 1).add_(1.0);
  const Picks picks = on_embeddings(points, 6).ask("prob_cover");
  CHECK((picks[0].index < 200) != (picks[1].index < 200));
  CHECK(picks[0].score + picks[1].score >= 390);
}

TEST_CASE("the radius of purity 1 is the smallest distance between clusters") {
  const at::Tensor points = on_circle({0, 10, 20, 60, 70});
  RngStream rng(1, "test");
  const double across = 2 * std::sin(20 * M_PI / 180);  // 20 to 60 degrees
  CHECK(pure_radius(points, {0, 0, 0, 1, 1}, 1.0, rng) == Approx(across).epsilon(1e-4));
  // Two of five balls may be impure: then the third smallest of 40 40 50 50 60 degrees counts.
  CHECK(pure_radius(points, {0, 0, 0, 1, 1}, 0.6, rng) ==
        Approx(2 * std::sin(25 * M_PI / 180)).epsilon(1e-4));
  CHECK(pure_radius(points, {0, 0, 0, 0, 0}, 0.95, rng) == Approx(2.0).epsilon(1e-4));
}

TEST_CASE("prob_cover covers at least 1 - 1/e of what the best choice does, more with each pick") {
  for (std::int64_t seed = 0; seed < 5; ++seed) {
    at::Tensor points = random_tensor({14, 3}, seed);
    points = points / points.square().sum(1, true).sqrt();
    Question question = on_embeddings(points, 3);
    question.options.prob_cover_delta = 0.8;
    const Picks picks = question.ask("prob_cover");
    const auto graph = balls(points, 0.8);
    std::int64_t best = 0;
    for (std::int64_t a = 0; a < 14; ++a) {
      for (std::int64_t b = a + 1; b < 14; ++b) {
        for (std::int64_t c = b + 1; c < 14; ++c)
          best = std::max(best, n_covered(graph, {a, b, c}));
      }
    }
    CHECK(static_cast<double>(n_covered(graph, indices_of(picks))) >=
          (1 - std::exp(-1.0)) * static_cast<double>(best));
    Indices so_far;
    std::int64_t covered = 0;
    for (const Pick& pick : picks) {
      so_far.push_back(pick.index);
      CHECK(pick.score == static_cast<double>(n_covered(graph, so_far) - covered));
      covered = n_covered(graph, so_far);
    }
  }
}

TEST_CASE("prob_cover leaves alone what labels cover and goes farthest-first when all is covered") {
  // Clusters at 0 (three), 90 (two) and one at 180 degrees; the first is labelled.
  Question question = on_embeddings(on_circle({0, 1, 2, 90, 91, 180}), 3);
  question.options.prob_cover_delta = 0.2;
  question.labeled = {1};
  question.labels = {0};
  question.unlabeled = {0, 2, 3, 4, 5};
  const Picks picks = question.ask("prob_cover");
  CHECK((picks[0].index == 3 || picks[0].index == 4));
  CHECK(picks[0].score == 2.0);
  CHECK(picks[1].index == 5);
  CHECK(picks[1].score == 1.0);
  CHECK(picks[2].score == Approx(2 * std::sin(0.5 * M_PI / 180)).epsilon(1e-2));  // 1 degree
}

TEST_CASE("k-means++ draws the second sample by squared distance to the first") {
  // Points 0, 1 and 3: after 0 the weights are 1 and 9. Chi-square, 1 degree of freedom, 99.9
  // %: 10.8.
  Question question = on_embeddings(matrix({{0}, {1}, {3}}), 2);
  double n_first = 0.0;
  double n_far = 0.0;
  for (question.seed = 0; question.seed < 3000; ++question.seed) {
    const Picks picks = question.ask_init("kmeans_plus_plus");
    if (picks[0].index != 0) continue;
    ++n_first;
    n_far += picks[1].index == 2 ? 1 : 0;
  }
  CHECK(n_first > 850);
  CHECK(n_first < 1150);
  const double expected = 0.9 * n_first;
  CHECK((n_far - expected) * (n_far - expected) / (expected * 0.1) < 10.8);
}

TEST_CASE("facility location starts at the medoid and comes near the best choice") {
  for (std::int64_t seed = 0; seed < 5; ++seed) {
    const at::Tensor points = random_tensor({12, 2}, seed);
    Question question = on_embeddings(points, 3);
    const Indices picks = indices_of(question.ask_init("facility_location"));
    double medoid = 1e9;
    double best = 1e9;
    for (std::int64_t a = 0; a < 12; ++a) {
      medoid = std::min(medoid, mean_distance(points, {a}));
      for (std::int64_t b = a + 1; b < 12; ++b) {
        for (std::int64_t c = b + 1; c < 12; ++c)
          best = std::min(best, mean_distance(points, {a, b, c}));
      }
    }
    CHECK(mean_distance(points, {picks[0]}) == Approx(medoid).epsilon(1e-5));
    const double widest =
        (points.unsqueeze(1) - points.unsqueeze(0)).square().sum(2).sqrt().max().item<double>();
    CHECK(widest - mean_distance(points, picks) >= (1 - std::exp(-1.0)) * (widest - best));
  }
}
