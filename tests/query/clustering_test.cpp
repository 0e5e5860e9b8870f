#include <cmath>
#include <set>

#include <ATen/ops/tensor.h>

#include "query/fake_predictions.hpp"
#include "src/query/geometry/farthest_first.hpp"
#include "src/query/geometry/gaussian_mixture.hpp"
#include "src/query/geometry/kmeans.hpp"

using namespace al_mpi;

namespace {

Question on_embeddings(const at::Tensor& embeddings, std::int64_t n) {
  Question question;
  question.predictions.stored_embeddings = embeddings;
  question.unlabeled = range(0, embeddings.size(0));
  question.n = n;
  return question;
}

/// Four blobs of 25 points around the corners of a square of side 10; blob = index / 25.
at::Tensor four_blobs() {
  at::Tensor points = 0.3 * random_tensor({100, 2}, 3);
  points.narrow(0, 25, 25).select(1, 0) += 10;
  points.narrow(0, 50, 25).select(1, 1) += 10;
  points.narrow(0, 75, 25) += 10;
  return points;
}

std::set<std::int64_t> blobs_of(const Picks& picks) {
  std::set<std::int64_t> blobs;
  for (const Pick& pick : picks) blobs.insert(pick.index / 25);
  return blobs;
}

/// Largest distance of a point to its nearest centre.
double radius(const at::Tensor& points, const Indices& centers) {
  const at::Tensor chosen = points.index_select(0, at::tensor(centers));
  return (points.unsqueeze(1) - chosen.unsqueeze(0))
      .square()
      .sum(2)
      .sqrt()
      .amin(1)
      .max()
      .item<double>();
}

}  // namespace

// Points 0 1 2 10 11 20 on a line, 0 labelled: by hand 20 (distance 20), then 10 (10), then 2 (2).
TEST_CASE("k-center picks what is farthest from all labelled and picked") {
  Question question = on_embeddings(matrix({{0}, {1}, {2}, {10}, {11}, {20}}), 3);
  question.unlabeled = {1, 2, 3, 4, 5};
  question.labeled = {0};
  const Picks picks = question.ask("kcenter_greedy");
  CHECK(indices_of(picks) == Indices{5, 3, 2});
  CHECK(picks[0].score == Approx(20));
  CHECK(picks[1].score == Approx(10));
  CHECK(picks[2].score == Approx(2));
}

TEST_CASE("k-center measures the network's features where query.features says so") {
  Question question = on_embeddings(matrix({{0}, {5}, {9}}), 1);
  question.predictions.stored_features = matrix({{0}, {9}, {5}});
  question.unlabeled = {1, 2};
  question.labeled = {0};
  CHECK(indices_of(question.ask("kcenter_greedy")) == Indices{2});
  question.options.features = DiversityFeatures::penultimate;
  CHECK(indices_of(question.ask("kcenter_greedy")) == Indices{1});
}

TEST_CASE("a duplicate of a labelled point far from the origin is picked last") {
  // Without centring and clamping, rounding of |a|^2 + |b|^2 - 2ab makes such distances NaN or
  // large.
  at::Tensor points = random_tensor({20, 64}, 4) + 1000.0;
  points.select(0, 7).copy_(points.select(0, 0));
  Question question = on_embeddings(points, 19);
  question.unlabeled = range(1, 20);
  question.labeled = {0};
  const Picks picks = question.ask("kcenter_greedy");
  CHECK(picks.back().index == 7);
  CHECK(picks.back().score == 0.0);
}

TEST_CASE("greedy k-center stays within twice the best radius of brute force") {
  for (std::int64_t seed = 0; seed < 10; ++seed) {
    const at::Tensor points = random_tensor({10, 2}, seed);
    Question question = on_embeddings(points, 3);
    question.seed = seed;
    const double greedy = radius(points, indices_of(question.ask("kcenter_greedy")));
    double best = 1e9;
    for (std::int64_t a = 0; a < 10; ++a) {
      for (std::int64_t b = a + 1; b < 10; ++b) {
        for (std::int64_t c = b + 1; c < 10; ++c) best = std::min(best, radius(points, {a, b, c}));
      }
    }
    CHECK(greedy <= 2 * best + 1e-6);
  }
}

TEST_CASE("k-center picks the same as comparing every point with every centre") {
  for (std::int64_t seed = 0; seed < 5; ++seed) {
    const at::Tensor points = random_tensor({200, 19}, seed);
    Question question = on_embeddings(points, 60);
    question.unlabeled = range(5, 200);
    question.labeled = range(0, 5);
    Indices centers = question.labeled;
    for (const Pick& pick : question.ask("kcenter_greedy")) {
      const at::Tensor chosen = points.index_select(0, at::tensor(centers));
      const at::Tensor nearest = (points.unsqueeze(1) - chosen).square().sum(2).amin(1);
      CHECK(pick.index == nearest.argmax().item<std::int64_t>());
      CHECK(pick.score == Approx(std::sqrt(nearest.max().item<double>())));
      centers.push_back(pick.index);
    }
  }
}

TEST_CASE("farthest point sampling starts anywhere and goes on farthest-first") {
  Question question = on_embeddings(matrix({{0}, {1}, {2}, {10}, {11}, {20}}), 3);
  std::set<std::int64_t> firsts;
  for (question.seed = 0; question.seed < 40; ++question.seed) {
    const Picks picks = question.ask_init("fps");
    firsts.insert(picks[0].index);
    if (picks[0].index == 0) CHECK(indices_of(picks) == Indices{0, 5, 3});
  }
  CHECK(firsts.size() == 6);
}

TEST_CASE("k-means finds four blobs and takes one sample of each") {
  Question question = on_embeddings(four_blobs(), 4);
  for (question.seed = 0; question.seed < 5; ++question.seed) {
    CHECK(blobs_of(question.ask("kmeans_sampling")).size() == 4);
    CHECK(blobs_of(question.ask_init("kmeans")).size() == 4);
    CHECK(blobs_of(question.ask_init("gmm")).size() == 4);
  }
}

TEST_CASE("k-means' sample is the one nearest to its cluster's mean") {
  // Clusters {0 1 2 5} (mean 2) and {100 101 102} (mean 101), by hand.
  Question question = on_embeddings(matrix({{0}, {1}, {2}, {5}, {100}, {101}, {102}}), 2);
  const Picks picks = question.ask("kmeans_sampling");
  CHECK(sorted(indices_of(picks)) == Indices{2, 5});
  for (const Pick& pick : picks) CHECK(pick.score == Approx(0.0).margin(1e-3));
}

TEST_CASE("k-means repairs empty clusters and tops up where points coincide") {
  // Three distinct points, five clusters wanted.
  Question question = on_embeddings(matrix({{0}, {0}, {0}, {5}, {5}, {9}, {9}, {9}}), 5);
  const Indices chosen = sorted(indices_of(question.ask("kmeans_sampling")));
  CHECK(chosen.size() == 5);
  const auto among = [&](std::int64_t first, std::int64_t last) {
    return std::any_of(chosen.begin(), chosen.end(),
                       [&](std::int64_t i) { return i >= first && i <= last; });
  };
  CHECK(among(0, 2));
  CHECK(among(3, 4));
  CHECK(among(5, 7));
}

TEST_CASE("k-means reaches the best inertia that brute force finds on seven points") {
  const at::Tensor points = random_tensor({7, 2}, 11);
  double best = 1e9;
  for (int mask = 1; mask < 64; ++mask) {  // cluster of point i = bit i; point 6 in cluster 0
    double inertia = 0.0;
    for (const bool side : {false, true}) {
      Indices members;
      for (std::int64_t i = 0; i < 7; ++i) {
        if (((mask >> i) & 1) == (side ? 1 : 0)) members.push_back(i);
      }
      const at::Tensor group = points.index_select(0, at::tensor(members));
      inertia += (group - group.mean(0)).square().sum().item<double>();
    }
    best = std::min(best, inertia);
  }
  RngStream rng(1, "test");
  CHECK(kmeans(points, {2, 10}, rng).inertia == Approx(best).epsilon(1e-5));
}

TEST_CASE("k-means of many points refines a start found on a sample") {
  at::Tensor points = 0.1 * random_tensor({6000, 3}, 5);
  for (std::int64_t i = 0; i < 6000; ++i) points.select(0, i) += static_cast<double>(i % 5);
  RngStream rng(1, "test");
  const KMeans found = kmeans(points, {5, 3}, rng);
  // Variance 0.01 in each of 3 dimensions.
  CHECK(found.inertia == Approx(6000 * 3 * 0.01).epsilon(0.05));
  const at::Tensor along = std::get<0>(found.centers.mean(1).sort());
  for (std::int64_t c = 0; c < 5; ++c) {
    CHECK(along[c].item<double>() == Approx(static_cast<double>(c)).margin(0.02));
  }
}

TEST_CASE("principal components keep the plane that holds the data") {
  RngStream rng(1, "test");
  const at::Tensor plane = random_tensor({200, 2}, 6);
  const at::Tensor points = plane.mm(random_tensor({2, 50}, 7)) + 3.0;
  const at::Tensor reduced = principal_components(points, 2, rng);
  CHECK(reduced.sizes() == at::IntArrayRef({200, 2}));
  const at::Tensor centered = points - points.mean(0);
  CHECK(reduced.square().sum().item<double>() ==
        Approx(centered.square().sum().item<double>()).epsilon(1e-4));
}

TEST_CASE("a mixture of two Gaussians recovers their share") {
  at::Tensor points = random_tensor({400, 1}, 8).to(at::kDouble);
  points.narrow(0, 0, 100) += 20.0;
  RngStream rng(1, "test");
  const GaussianMixture mixture = gaussian_mixture(points, {2, 3}, rng);
  const at::Tensor component = mixture.log_density.argmax(1);
  const std::int64_t far = component[0].item<std::int64_t>();
  CHECK((component == far).sum().item<std::int64_t>() == 100);
  CHECK((component.narrow(0, 0, 100) == far).all().item<bool>());
  // Entropy of N(0, 1) and of the choice: -(ln sqrt(2 pi e)) - H(1/4) = -1.4189 - 0.5623.
  CHECK(mixture.log_likelihood == Approx(-1.9812).epsilon(0.05));
}
