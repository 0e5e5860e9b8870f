// boss, the bound that sees the test set, and the linear head that it trains.

#include <set>

#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "query/fake_predictions.hpp"
#include "src/query/scores/linear_head.hpp"

using namespace al_mpi;

namespace {

constexpr std::int64_t n_classes = 4;

/// Four corners of a square, ten samples near each: 0 ... 9 of class 0, and so on. Three of class 0
/// and three of class 1 are labelled. The test set holds classes 0, 1 and 2, never 3.
Question four_corners() {
  Question question;
  std::vector<std::vector<float>> rows;
  RngStream noise(1, "test");
  for (int i = 0; i < 40; ++i) {
    rows.push_back({static_cast<float>(i / 10 % 2 * 4 + 0.2 * noise.normal()),
                    static_cast<float>(i / 20 * 4 + 0.2 * noise.normal())});
  }
  FakePredictions& p = question.predictions;
  p.stored_features = matrix(rows);
  p.stored_embeddings = p.stored_features;
  p.stored_head = {matrix({{-1, -1}, {1, -1}, {-1, 1}, {1, 1}}), at::zeros({n_classes})};
  p.probs = at::softmax(at::linear(p.stored_features, p.stored_head.weight), 1);
  question.labeled = {0, 1, 2, 10, 11, 12};
  question.labels = {0, 0, 0, 1, 1, 1};
  for (const std::int64_t i : range(0, 40)) {
    if (i % 10 >= 3 || i >= 20) question.unlabeled.push_back(i);
  }
  question.oracle_classes = [](std::int64_t i) { return Indices{i / 10}; };
  question.oracle_test = [] {
    return LabeledFeatures{matrix({{0, 0}, {0.1F, 0}, {4, 0}, {4.1F, 0}, {0, 4}, {0.1F, 4}}),
                           {0, 0, 1, 1, 2, 2}};
  };
  return question;
}

double gradient_norm(const at::Tensor& x, const at::Tensor& labels, const at::Tensor& head,
                     double ridge) {
  const at::Tensor p = at::softmax(x.mm(head), 1);
  return (x.t().mm(p - at::one_hot(labels, head.size(1))) / x.size(0) + 2.0 * ridge * head)
      .norm()
      .item<double>();
}

}  // namespace

TEST_CASE("boss buys the one class whose labels the test set asks for") {
  // Labels of class 2 mend a third of the test set; nobody who sees no labels knows 2 from 3.
  Question question = four_corners();
  for (question.seed = 1; question.seed <= 10; ++question.seed) {
    const Picks picks = question.ask("boss");
    CHECK(picks[0].index / 10 == 2);
    CHECK(picks[0].score == 1.0);
  }
}

TEST_CASE("boss changes its mind with the test set, and with the labels of the candidates") {
  Question question = four_corners();
  question.oracle_test = [] {
    return LabeledFeatures{matrix({{0, 0}, {4, 0}, {4, 4}}), {0, 1, 3}};
  };
  CHECK(question.ask("boss")[0].index / 10 == 3);
  question = four_corners();  // the corners of 2 and 3 have changed their labels
  question.oracle_classes = [](std::int64_t i) { return Indices{i < 20 ? i / 10 : 5 - i / 10}; };
  question.oracle_test = [] {
    return LabeledFeatures{matrix({{0, 0}, {4, 0}, {4, 4}}), {0, 1, 2}};
  };
  CHECK(question.ask("boss")[0].index / 10 == 3);
}

TEST_CASE("boss takes a batch that one of its members picks from a subset of the set size") {
  Question question = random_question(90);
  question.n = 4;
  question.options.boss_candidates = 1;
  for (const char* member : {"kcenter_greedy", "margin_sampling", "class_balanced_random"}) {
    question.options.boss_members = {member};
    question.options.boss_subset = 4;  // the batch is the subset, in the member's order
    const Indices few = sorted(indices_of(question.ask("boss")));
    question.options.boss_members = {"random_sampling"};
    CHECK(sorted(indices_of(question.ask("boss"))) == few);
  }
}

TEST_CASE("of more candidate batches boss's best is no worse on the test set") {
  Question question = random_question(120);
  question.n = 5;
  std::set<double> accuracies;
  double before = 0.0;
  for (const std::int64_t n : {1, 3, 10, 40}) {
    question.options.boss_candidates = n;
    const double accuracy = question.ask("boss")[0].score;
    CHECK(accuracy >= before);
    before = accuracy;
    accuracies.insert(accuracy);
  }
  CHECK(accuracies.size() > 1);
}

TEST_CASE("no member of boss sees the test set, only oracles among them see labels") {
  Question question = random_question(60);
  question.n = 3;
  int asked = 0;
  question.oracle_test = [&] {
    ++asked;
    return random_question(60).oracle_test();
  };
  question.ask("boss");
  CHECK(asked == 1);
  question.ask("class_balanced_random");
  question.ask("margin_sampling");
  CHECK(asked == 1);
}

TEST_CASE("boss tells the whole pool's scores to nobody, and shows signs of life") {
  Question question = random_question(60);
  QueryContext context = question.context();
  int alive = 0;
  context.alive = [&] { ++alive; };
  context.keep_scores = [](const Indices&, const at::Tensor&) { FAIL("scores of a subset"); };
  CHECK(strategy("boss")(context).size() == 1);
  CHECK(alive == 12);
}

TEST_CASE("boss lives with features that are no numbers") {
  Question question = four_corners();
  question.predictions.stored_features[25].fill_(std::nanf(""));
  const Picks picks = question.ask("boss");
  CHECK(picks[0].index / 10 == 2);
  CHECK(picks[0].score == 1.0);
}

TEST_CASE("without labels of the pool or a test set boss says what it needs") {
  Question question = random_question(30);
  question.oracle_test = nullptr;
  CHECK_THROWS_WITH(question.ask("boss"), Contains("boss needs those of all samples, and a test"));
  question = random_question(30);
  question.oracle_classes = nullptr;
  CHECK_THROWS_AS(question.ask("boss"), DataError);
}

TEST_CASE("a linear head is trained to where the gradient of loss and ridge ends") {
  const at::Tensor rows = random_tensor({60, 5}, 1);
  const at::Tensor x = Standard(rows).of(rows);
  std::vector<std::int64_t> classes;
  for (std::int64_t i = 0; i < 60; ++i) classes.push_back(i * i % 7 % 3);
  const at::Tensor labels = at::tensor(classes), zeros = at::zeros({6, 3});
  constexpr double ridge = 0.01;
  const at::Tensor head = trained_head(x, labels, zeros, {1000, ridge});
  CHECK(gradient_norm(x, labels, zeros, ridge) > 0.05);
  CHECK(gradient_norm(x, labels, head, ridge) < 1e-5);
  const at::Tensor on = trained_head(x, labels, head, {50, ridge});  // from there it stays
  CHECK((on - head).abs().max().item<double>() < 1e-4);
  CHECK(trained_head(x, labels, zeros, {0, ridge}).equal(zeros));
}

TEST_CASE("a head of one label a class has the weights that a hand computes") {
  // Two samples, x = -1 and 1, no bias column: by symmetry w and -w with
  // sigmoid(2 w) = 1 - 4 ridge w; ridge = (1 - sigmoid(2)) / 4 gives w = 1.
  const double ridge = (1.0 - 1.0 / (1.0 + std::exp(-2.0))) / 2.0;
  const at::Tensor head =
      trained_head(matrix({{-1}, {1}}), at::tensor(Indices{0, 1}), at::zeros({1, 2}), {500, ridge});
  CHECK(head[0][1].item<double>() == Approx(1.0).epsilon(1e-4));
  CHECK(head[0][0].item<double>() == Approx(-1.0).epsilon(1e-4));
}

TEST_CASE("features are standardised as the first ones were, constant columns left out") {
  const Standard standard(matrix({{1, 7}, {3, 7}}));  // mean 2, deviation 1
  CHECK(standard.of(matrix({{1, 9}, {5, 7}})).equal(matrix({{-1, 0, 1}, {3, 0, 1}})));
}
