#include <cmath>

#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>

#include "query/fake_predictions.hpp"
#include "src/query/scores/acquisition.hpp"

using namespace al_mpi;

namespace {

const std::vector<std::string> plain = {"least_confidence", "margin_sampling", "entropy_sampling"};

/// Four samples of three classes.
Question three_classes() {
  Question question;
  question.predictions.probs = matrix(
      {{0.90F, 0.05F, 0.05F}, {0.50F, 0.48F, 0.02F}, {0.40F, 0.30F, 0.30F}, {0.60F, 0.20F, 0.20F}});
  question.unlabeled = {0, 1, 2, 3};
  question.n = 4;
  return question;
}

}  // namespace

// Numbers by hand.
TEST_CASE("least confidence, margin and entropy rank four samples as computed by hand") {
  Question question = three_classes();
  const Picks confidence = question.ask("least_confidence");
  CHECK(indices_of(confidence) == Indices{2, 1, 3, 0});  // 0.60 0.50 0.40 0.10
  CHECK(confidence[0].score == Approx(0.6));
  const Picks margin = question.ask("margin_sampling");
  CHECK(indices_of(margin) == Indices{1, 2, 3, 0});  // gaps 0.02 0.10 0.40 0.85
  CHECK(margin[0].score == Approx(-0.02));
  const Picks entropy = question.ask("entropy_sampling");
  CHECK(indices_of(entropy) == Indices{2, 3, 1, 0});  // 1.0889 0.9503 0.7771 0.3944
  CHECK(entropy[0].score == Approx(1.0889).epsilon(1e-4));
  CHECK(entropy[2].score ==
        Approx(-0.5 * std::log(0.5) - 0.48 * std::log(0.48) - 0.02 * std::log(0.02)));
}

TEST_CASE("with two classes the three uncertainties pick the same") {
  Question question;
  question.predictions.probs = at::softmax(random_tensor({50, 2}, 5), 1);
  question.unlabeled = range(0, 50);
  question.n = 20;
  const Indices expected = indices_of(question.ask(plain[0]));
  for (const std::string& name : plain) CHECK(indices_of(question.ask(name)) == expected);
}

TEST_CASE("the dropout versions score the mean of the passes") {
  Question question = three_classes();
  // Mean probabilities = those of three_classes() for every sample.
  const at::Tensor shift = matrix({{0.02F, -0.01F, -0.01F}});
  const at::Tensor probs = question.predictions.probs;
  question.predictions.mc_probs = at::stack({probs + shift, probs - shift});
  question.options.mc_passes = 2;
  for (const std::string& name : plain) {
    const Picks expected = question.ask(name);
    const Picks dropout = question.ask(name + "_dropout");
    CHECK(indices_of(dropout) == indices_of(expected));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(dropout[i].score == Approx(expected[i].score).epsilon(1e-6));
    }
  }
}

TEST_CASE("BALD is ln 2 for two passes certain of different classes and 0 where they agree") {
  Question question;
  const at::Tensor first = matrix({{1, 0}, {0.3F, 0.7F}, {0.5F, 0.5F}});
  const at::Tensor second = matrix({{0, 1}, {0.3F, 0.7F}, {0.7F, 0.3F}});
  question.predictions.mc_probs = at::stack({first, second});
  question.unlabeled = {0, 1, 2};
  question.options.mc_passes = 2;
  question.n = 3;
  const Picks picks = question.ask("bald_dropout");
  CHECK(indices_of(picks) == Indices{0, 2, 1});
  CHECK(picks[0].score == Approx(std::log(2.0)));
  const double h06 = -0.6 * std::log(0.6) - 0.4 * std::log(0.4);
  const double h07 = -0.7 * std::log(0.7) - 0.3 * std::log(0.3);
  CHECK(picks[1].score == Approx(h06 - (std::log(2.0) + h07) / 2).epsilon(1e-6));
  CHECK(picks[2].score == Approx(0.0).margin(1e-12));
}

TEST_CASE("BALD of one pass is 0 for all, so only the seed decides") {
  Question question = random_question(30);
  question.options.mc_passes = 1;
  question.n = 20;
  for (const Pick& pick : question.ask("bald_dropout")) CHECK(pick.score == 0.0);
}

TEST_CASE("a probability of 0 has entropy 0, not NaN") {
  Question question;
  question.predictions.probs = matrix({{1, 0, 0}, {0.5F, 0.5F, 0}});
  question.unlabeled = {0, 1};
  question.n = 2;
  const Picks picks = question.ask("entropy_sampling");
  CHECK(indices_of(picks) == Indices{1, 0});
  CHECK(picks[0].score == Approx(std::log(2.0)));
  CHECK(picks[1].score == Approx(0.0).margin(1e-9));
}

TEST_CASE("scores of the samples do not depend on who else is asked about") {
  Question question = random_question(60);
  question.n = 40;
  const Picks all = question.ask("entropy_sampling");
  question.unlabeled.resize(10);
  for (const Pick& pick : question.ask("entropy_sampling")) {
    const auto same = std::find_if(all.begin(), all.end(),
                                   [&](const Pick& other) { return other.index == pick.index; });
    CHECK(same->score == pick.score);
  }
}

TEST_CASE("random sampling picks every sample equally often") {
  // 2000 draws of 3 from 10: chi-square with 9 degrees of freedom, 99.9 % quantile 27.9 (a draw
  // without replacement varies less).
  Question question;
  question.unlabeled = range(0, 10);
  question.n = 3;
  std::vector<double> counts(10, 0.0);
  for (question.seed = 0; question.seed < 2000; ++question.seed) {
    for (const Pick& pick : question.ask("random_sampling"))
      ++counts[static_cast<std::size_t>(pick.index)];
  }
  double chi_square = 0.0;
  for (const double count : counts) chi_square += (count - 600) * (count - 600) / 600;
  CHECK(chi_square < 27.9);
}
