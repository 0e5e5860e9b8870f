#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>

#include "query/fake_predictions.hpp"

using namespace al_mpi;

namespace {

/// One row of three pixels, three classes: pixel i is predicted as classes[i], with probability
/// 1 - 2 e, the other two with e each. The more e, the more entropy.
at::Tensor image(const std::vector<std::int64_t>& classes, const std::vector<double>& e) {
  at::Tensor p = at::full({3, 1, 3}, 0.0F);
  for (std::int64_t pixel = 0; pixel < 3; ++pixel) {
    const double rest = e[static_cast<std::size_t>(pixel)];
    p.select(2, pixel).fill_(rest);
    p[classes[static_cast<std::size_t>(pixel)]][0][pixel] = 1.0 - 2.0 * rest;
  }
  return p;
}

/// Four images: 0, 1 and 2 with much, less and least entropy, all on class 0; 3 with one pixel of
/// the rare class 1 and next to no entropy otherwise.
Question rare_class() {
  Question question;
  question.predictions.probs =
      at::stack({image({0, 0, 0}, {0.3, 0.3, 0.3}), image({0, 0, 0}, {0.2, 0.2, 0.2}),
                 image({0, 0, 0}, {0.1, 0.1, 0.1}), image({0, 0, 1}, {1e-6, 1e-6, 0.05})});
  question.unlabeled = {0, 1, 2, 3};
  question.options.stochastic_beta = 1e6;  // next to no noise
  question.n = 3;
  return question;
}

}  // namespace

TEST_CASE("clasp gives a rare class its turn, and the rest to the entropy of all pixels") {
  Question question = rare_class();
  const Picks picks = question.ask("clasp");  // two of three go by class, 0 and 1 by turns
  CHECK(sorted({picks[0].index, picks[1].index}) == Indices{0, 3});
  CHECK(picks[2].index == 1);
  CHECK(indices_of(question.ask("entropy_sampling")) == Indices{0, 1, 2});
}

TEST_CASE("clasp goes by entropy where one class is predicted alone, and takes no image twice") {
  Question question = rare_class();
  question.unlabeled = {0, 1, 2};
  CHECK(indices_of(question.ask("clasp")) == Indices{0, 1, 2});
}

TEST_CASE("clasp's noise is wide in the first query and fades") {
  Question question = rare_class();
  question.unlabeled = {0, 2};  // their mean entropies are the weights of a first draw
  question.options.stochastic_beta = 1.0;
  question.n = 1;
  const auto share_of_best = [&](int round) {
    question.round = round;
    int n = 0;
    for (question.seed = 0; question.seed < 1000; ++question.seed) {
      n += question.ask("clasp")[0].index == 0 ? 1 : 0;
    }
    return n / 1000.0;
  };
  const auto entropy = [](double e) {
    return -(1 - 2 * e) * std::log(1 - 2 * e) - 2 * e * std::log(e);
  };
  const double expected = entropy(0.3) / (entropy(0.3) + entropy(0.1));
  CHECK(share_of_best(1) == Approx(expected).margin(4 * std::sqrt(0.25 / 1000)));
  CHECK(share_of_best(6) > 0.99);
}
