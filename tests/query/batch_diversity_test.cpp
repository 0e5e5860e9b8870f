// badge, cluster_margin, cdal, alfa_mix. Numbers by hand unless said otherwise.

#include <cmath>
#include <map>
#include <set>

#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/autograd/autograd.h>

#include "query/fake_predictions.hpp"
#include "src/query/scores/gradient_embedding.hpp"
#include "src/query/strategies/alfa_mix.hpp"

using namespace al_mpi;

namespace {

/// (p - onehot) x h multiplied out, [n, C d].
at::Tensor explicit_gradients(const at::Tensor& p, const at::Tensor& h) {
  const at::Tensor a = p.to(at::kDouble) - at::one_hot(p.argmax(1), p.size(1));
  return (a.unsqueeze(2) * h.to(at::kDouble).unsqueeze(1)).flatten(1);
}

at::Tensor four_blobs() {
  at::Tensor points = 0.3 * random_tensor({100, 2}, 3) + 20.0;
  points.narrow(0, 25, 25).select(1, 0) += 30;
  points.narrow(0, 50, 25).select(1, 1) += 30;
  points.narrow(0, 75, 25) -= 60;
  return points;
}

}  // namespace

TEST_CASE("BADGE's factorised distances are those of the multiplied-out gradients") {
  const at::Tensor p = at::softmax(random_tensor({30, 5}, 1), 1);
  const at::Tensor h = random_tensor({30, 16}, 2);
  const at::Tensor g = explicit_gradients(p, h);
  const GradientEmbeddings factorised(p, h);
  CHECK((factorised.squared_norms() - g.square().sum(1)).abs().max().item<double>() < 1e-6);
  for (const std::int64_t row : {0, 11, 29}) {
    const at::Tensor expected = (g - g[row]).square().sum(1);
    const at::Tensor relative =
        (factorised.squared_distances(row) - expected).abs() / expected.max();
    CHECK(relative.max().item<double>() < 1e-6);
  }
}

TEST_CASE("BADGE starts with the longest gradient and draws the second by squared distance") {
  // Chi-square of 3000 second draws, 4 degrees of freedom, 99.9 % quantile 18.5.
  Question question;
  question.predictions.probs = at::softmax(random_tensor({6, 3}, 1), 1);
  question.predictions.stored_features = random_tensor({6, 4}, 2);
  question.unlabeled = range(0, 6);
  question.n = 2;
  const at::Tensor g =
      explicit_gradients(question.predictions.probs, question.predictions.stored_features);
  const std::int64_t longest = g.square().sum(1).argmax().item<std::int64_t>();
  const at::Tensor weights = (g - g[longest]).square().sum(1);
  std::map<std::int64_t, double> counts;
  for (question.seed = 0; question.seed < 3000; ++question.seed) {
    const Picks picks = question.ask("badge");
    CHECK(picks[0].index == longest);
    ++counts[picks[1].index];
  }
  double chi_square = 0.0;
  for (std::int64_t i = 0; i < 6; ++i) {
    if (i == longest) continue;
    const double expected = 3000 * (weights[i] / weights.sum()).item<double>();
    chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  CHECK(chi_square < 18.5);
  CHECK(counts[longest] == 0.0);
}

TEST_CASE("BADGE has no centre at the origin: a sample of no gradient is far from a long one") {
  // Samples 0 and 1 are equal, 2 is certain, so that its gradient is 0: after 0 or 1 comes 2.
  Question question;
  question.predictions.probs = matrix({{0.5F, 0.5F}, {0.5F, 0.5F}, {1.0F, 0.0F}});
  question.predictions.stored_features = matrix({{1, 2}, {1, 2}, {1, 2}});
  question.unlabeled = range(0, 3);
  question.n = 2;
  for (question.seed = 0; question.seed < 20; ++question.seed) {
    CHECK(question.ask("badge")[1].index == 2);
  }
}

TEST_CASE("cluster_margin over one cluster is margin sampling") {
  Question question = random_question(60);
  question.n = 10;
  question.options.cluster_margin_size = 1000;
  CHECK(indices_of(question.ask("cluster_margin")) == indices_of(question.ask("margin_sampling")));
}

TEST_CASE("cluster_margin takes the smallest margin of each of four clusters") {
  Question question;
  question.predictions.stored_embeddings = four_blobs();
  question.predictions.probs = at::softmax(random_tensor({100, 3}, 5), 1);
  question.unlabeled = range(0, 100);
  question.options.cluster_margin_size = 25;
  question.options.cluster_margin_factor = 25;
  question.n = 4;
  std::map<std::int64_t, std::int64_t> smallest;  // blob -> its smallest margin
  Question all = question;
  all.n = 100;
  for (const Pick& pick : all.ask("margin_sampling"))
    smallest.insert({pick.index / 25, pick.index});
  std::set<std::int64_t> expected;
  for (const auto& [blob, index] : smallest) expected.insert(index);
  const Indices picks = indices_of(question.ask("cluster_margin"));
  CHECK(std::set<std::int64_t>(picks.begin(), picks.end()) == expected);
}

TEST_CASE("contextual diversity is farthest-first by symmetric divergence") {
  Question question;
  question.predictions.probs =
      matrix({{0.5F, 0.5F}, {0.9F, 0.1F}, {0.6F, 0.4F}, {0.1F, 0.9F}, {0.5F, 0.5F}});
  question.labeled = {0};
  question.labels = {0};
  question.unlabeled = {1, 2, 3, 4};
  question.n = 4;
  const Picks picks = question.ask("cdal");
  // 0.5 * (0.4 ln(0.9 / 0.5) - 0.4 ln(0.1 / 0.5)) = 0.2 ln 9, for samples 1 and 3; then the other
  // is 0.8 ln 9 from it, but still 0.2 ln 9 from the labelled one.
  CHECK(sorted({picks[0].index, picks[1].index}) == Indices{1, 3});
  CHECK(picks[0].score == Approx(0.2 * std::log(9.0)).epsilon(1e-5));
  CHECK(picks[1].score == Approx(0.2 * std::log(9.0)).epsilon(1e-5));
  CHECK(picks[2].index == 2);
  CHECK(picks[2].score == Approx(0.5 * 0.1 * std::log(1.5)).epsilon(1e-4));
  CHECK(picks[3].score == Approx(0.0).margin(1e-9));
}

TEST_CASE("on pixels contextual diversity compares what surrounds each predicted class") {
  // Pixels of one image: each predicted class has one probability vector throughout, so the
  // entropy-weighted mean is that vector. Image 0: class 0 at 0.9, class 1 at 0.8. Image 1: class 0
  // at 0.6, class 1 at 0.8; image 2: class 1 at 0.8 only. From 0: 1 differs in one class of two, 2
  // in none of the one in common.
  const auto image = [](std::vector<float> of_class_0) {
    const at::Tensor p = at::tensor(of_class_0).view({1, 2, 2});
    return at::cat({p, 1.0 - p});
  };
  Question question;
  question.predictions.probs =
      at::stack({image({0.9F, 0.9F, 0.2F, 0.2F}), image({0.6F, 0.6F, 0.6F, 0.2F}),
                 image({0.2F, 0.2F, 0.2F, 0.2F})});
  question.labeled = {0};
  question.unlabeled = {1, 2};
  question.n = 2;
  const Picks picks = question.ask("cdal");
  CHECK(indices_of(picks) == Indices{1, 2});
  const double divergence = 0.5 * 0.3 * (std::log(0.9 / 0.6) + std::log(0.4 / 0.1));
  CHECK(picks[0].score == Approx(divergence / 2).epsilon(1e-4));
  CHECK(picks[1].score == Approx(0.0).margin(1e-6));
}

// The paper's mixing with the gradient from autograd: the prediction changes just above the closed
// form's size and not just below.
TEST_CASE(
    "ALFA-Mix's closed form is where mixing along autograd's gradient changes the prediction") {
  const at::Tensor z = random_tensor({40, 8}, 1);
  const LinearHead head = {random_tensor({5, 8}, 2), random_tensor({5}, 3)};
  const at::Tensor anchors = random_tensor({5, 8}, 4);
  const at::Tensor sizes = mixing_size_to_flip(z, head, anchors);
  const at::Tensor input = z.clone().requires_grad_(true);
  const at::Tensor logits = at::linear(input, head.weight, head.bias);
  const at::Tensor predicted = logits.detach().argmax(1);
  const at::Tensor g =
      torch::autograd::grad({at::cross_entropy_loss(logits, predicted, {}, 2)}, {input})[0];
  const at::Tensor direction = g / g.square().sum(1, true).sqrt();
  int n_finite = 0;
  for (std::int64_t i = 0; i < 40; ++i) {
    const double size = sizes[i].item<double>();
    if (!std::isfinite(size)) continue;
    ++n_finite;
    const auto flips_at = [&](double epsilon) {
      for (std::int64_t k = 0; k < 5; ++k) {
        const double reach = (anchors[k] - z[i]).square().sum().sqrt().item<double>();
        const at::Tensor mixed = z[i] + epsilon / std::sqrt(8.0) * reach * direction[i];
        const at::Tensor out = at::linear(mixed.unsqueeze(0), head.weight, head.bias);
        if (out.argmax(1).item<std::int64_t>() != predicted[i].item<std::int64_t>()) return true;
      }
      return false;
    };
    CHECK(flips_at(size * 1.001));
    CHECK_FALSE(flips_at(size * 0.999));
  }
  CHECK(n_finite > 20);
}

TEST_CASE("ALFA-Mix picks among samples that flip first and fills up with others") {
  Question question = random_question(90);
  question.n = 5;
  question.options.alfa_mix_epsilon = 0.05;
  for (const Pick& pick : question.ask("alfa_mix")) CHECK(pick.score > -1.0);
  // Two classes far apart: nothing flips, all picks are fillers.
  question.predictions.stored_head.bias = at::tensor({1e6F, 0.0F, 0.0F, 0.0F});
  const Picks fillers = question.ask("alfa_mix");
  CHECK(fillers.size() == 5);
  for (const Pick& pick : fillers) CHECK(pick.score == -1.0);
}
