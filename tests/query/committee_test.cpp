// Strategies on the passes of MC dropout, and noise on scores. Numbers by hand unless said
// otherwise.

#include <cmath>
#include <map>

#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>

#include "query/fake_predictions.hpp"
#include "src/query/scores/joint_predictive.hpp"

using namespace al_mpi;

namespace {

/// a(B) = H(y_B) - sum_j mean_t H(p_t,j) by enumeration of all label configurations; p [n, T, C].
double batch_information(const at::Tensor& p, const Indices& batch) {
  const std::int64_t n_passes = p.size(1);
  const std::int64_t n_classes = p.size(2);
  const auto n_configurations = static_cast<std::int64_t>(
      std::pow(static_cast<double>(n_classes), static_cast<double>(batch.size())));
  double entropy = 0.0;
  for (std::int64_t code = 0; code < n_configurations; ++code) {
    double probability = 0.0;
    for (std::int64_t t = 0; t < n_passes; ++t) {
      double product = 1.0;
      std::int64_t rest = code;
      for (const std::int64_t j : batch) {
        product *= p[j][t][rest % n_classes].item<double>();
        rest /= n_classes;
      }
      probability += product / static_cast<double>(n_passes);
    }
    entropy -= probability * std::log(probability);
  }
  for (const std::int64_t j : batch) {
    entropy += (p[j] * p[j].log()).sum(1).mean().item<double>();
  }
  return entropy;
}

at::Tensor random_passes(std::int64_t n, std::int64_t n_passes, std::int64_t n_classes) {
  return at::softmax(2.0 * random_tensor({n, n_passes, n_classes}, 9).to(at::kDouble), 2);
}

/// Frequencies with which each of three candidates is the one picked, over 3000 seeds, against
/// weights: chi-square with 2 degrees of freedom, 99.9 % quantile 13.8.
double chi_square(Question question, const std::string& name, const std::vector<double>& weights) {
  std::map<std::int64_t, double> counts;
  for (question.seed = 0; question.seed < 3000; ++question.seed) {
    ++counts[question.ask(name)[0].index];
  }
  double total = 0.0;
  for (const double w : weights) total += w;
  double sum = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double expected = 3000 * weights[i] / total;
    const double difference = counts[static_cast<std::int64_t>(i)] - expected;
    sum += difference * difference / expected;
  }
  return sum;
}

/// Three candidates of least-confidence scores 0.1, 0.2, 0.4.
Question three_scores(ScoreNoise noise, double beta) {
  Question question;
  question.predictions.probs = matrix({{0.9F, 0.1F}, {0.8F, 0.2F}, {0.6F, 0.4F}});
  question.unlabeled = {0, 1, 2};
  question.options.stochastic = noise;
  question.options.stochastic_beta = beta;
  return question;
}

}  // namespace

TEST_CASE("variation ratio counts the passes that disagree; the mean probability breaks ties") {
  Question question;
  // Votes of four passes: 4:0, 2:2, 3:1, 3:1 (the last less certain).
  question.predictions.mc_probs =
      at::stack({matrix({{0.9F, 0.1F}, {0.9F, 0.1F}, {0.9F, 0.1F}, {0.6F, 0.4F}}),
                 matrix({{0.9F, 0.1F}, {0.9F, 0.1F}, {0.9F, 0.1F}, {0.6F, 0.4F}}),
                 matrix({{0.9F, 0.1F}, {0.1F, 0.9F}, {0.9F, 0.1F}, {0.6F, 0.4F}}),
                 matrix({{0.9F, 0.1F}, {0.1F, 0.9F}, {0.1F, 0.9F}, {0.1F, 0.9F}})});
  question.unlabeled = {0, 1, 2, 3};
  question.options.mc_passes = 4;
  question.n = 4;
  const Picks picks = question.ask("variation_ratio");
  CHECK(indices_of(picks) == Indices{1, 3, 2, 0});
  CHECK(picks[0].score == Approx(0.5).margin(1e-5));
  CHECK(picks[1].score == Approx(0.25).margin(1e-5));
  CHECK(picks[3].score == Approx(0.0).margin(1e-5));
}

TEST_CASE("mean standard deviation over passes") {
  Question question;
  question.predictions.mc_probs =
      at::stack({matrix({{0.9F, 0.1F}, {0.5F, 0.5F}}), matrix({{0.5F, 0.5F}, {0.5F, 0.5F}})});
  question.unlabeled = {0, 1};
  question.options.mc_passes = 2;
  question.n = 2;
  const Picks picks = question.ask("mean_std");
  CHECK(picks[0].index == 0);
  CHECK(picks[0].score == Approx(0.2));
  CHECK(picks[1].score == Approx(0.0).margin(1e-9));
}

TEST_CASE("noise on scores draws with the promised weights") {
  CHECK(chi_square(three_scores(ScoreNoise::power, 1.0), "least_confidence", {0.1, 0.2, 0.4}) <
        13.8);
  CHECK(chi_square(three_scores(ScoreNoise::power, 2.0), "least_confidence", {0.01, 0.04, 0.16}) <
        13.8);
  CHECK(chi_square(three_scores(ScoreNoise::softmax, 5.0), "least_confidence",
                   {std::exp(0.5), std::exp(1.0), std::exp(2.0)}) < 13.8);
  CHECK(chi_square(three_scores(ScoreNoise::softrank, 1.0), "least_confidence",
                   {1.0 / 3, 1.0 / 2, 1.0}) < 13.8);
  // The test can fail:
  CHECK(chi_square(three_scores(ScoreNoise::power, 1.0), "least_confidence", {0.2, 0.2, 0.3}) >
        13.8);
}

TEST_CASE("with a large beta the noise vanishes") {
  Question question = random_question(60);
  question.n = 10;
  const Indices top = indices_of(question.ask("margin_sampling"));
  for (const ScoreNoise noise : {ScoreNoise::power, ScoreNoise::softmax, ScoreNoise::softrank}) {
    question.options.stochastic = noise;
    question.options.stochastic_beta = 1e9;
    CHECK(indices_of(question.ask("margin_sampling")) == top);
  }
}

TEST_CASE("power_bald and its kin are bald_dropout with noise, softened by beta") {
  Question question = random_question(60);
  question.n = 10;
  question.options.stochastic_beta = 1e9;
  const Indices bald = indices_of(question.ask("bald_dropout"));
  for (const std::string name : {"power_bald", "softmax_bald", "softrank_bald"}) {
    question.options.stochastic_beta = 1e9;
    CHECK(indices_of(question.ask(name)) == bald);
    question.options.stochastic_beta = 0.01;
    CHECK(indices_of(question.ask(name)) != bald);
  }
}

TEST_CASE("the joint gains are the mutual information of all label configurations") {
  const at::Tensor p = random_passes(6, 5, 4);  // enumerated: three points, C = 4, T = 5
  JointPredictive joint(5, 10000, RngStream(1, "test"));
  Indices batch;
  for (const std::int64_t next : {2, 0, 5}) {
    const at::Tensor gains = joint.gains(p);
    const double before = batch.empty() ? 0.0 : batch_information(p, batch);
    for (std::int64_t i = 0; i < 6; ++i) {
      Indices with = batch;
      with.push_back(i);
      CHECK(gains[i].item<double>() == Approx(batch_information(p, with) - before).epsilon(1e-9));
    }
    joint.add(p[next]);
    batch.push_back(next);
  }
  CHECK(joint.exact());
}

TEST_CASE("drawn configurations give the gains of all configurations") {
  const at::Tensor p = random_passes(12, 6, 3);
  JointPredictive drawn(6, 20000, RngStream(1, "test"));
  JointPredictive all(6, 100000, RngStream(1, "test"));
  for (std::int64_t i = 0; i < 10; ++i) {
    drawn.add(p[i]);
    all.add(p[i]);
  }
  CHECK_FALSE(drawn.exact());  // 3^10 > 20000
  CHECK(all.exact());
  const at::Tensor difference = (drawn.gains(p) - all.gains(p)).abs();
  CHECK(difference.max().item<double>() < 0.01);
}

TEST_CASE("BatchBALD is the greedy maximum, found by brute force") {
  const at::Tensor p = random_passes(8, 5, 4);
  Question question;
  question.predictions.mc_probs = p.transpose(0, 1).to(at::kFloat).contiguous();
  question.unlabeled = range(0, 8);
  question.options.mc_passes = 5;
  question.n = 3;
  Indices batch;
  double information = 0.0;
  for (const Pick& pick : question.ask("batch_bald")) {
    std::int64_t best = -1;
    double best_information = 0.0;
    for (std::int64_t i = 0; i < 8; ++i) {
      if (std::find(batch.begin(), batch.end(), i) != batch.end()) continue;
      Indices with = batch;
      with.push_back(i);
      const double value = batch_information(p, with);
      if (value > best_information) {
        best_information = value;
        best = i;
      }
    }
    CHECK(pick.index == best);
    CHECK(pick.score == Approx(best_information - information).epsilon(1e-4));
    information = best_information;
    batch.push_back(best);
  }
}

TEST_CASE("the first of BatchBALD is BALD's, for any number of candidates looked at") {
  Question question = random_question(60);
  const Picks bald = question.ask("bald_dropout");
  for (const std::int64_t candidates : {1, 7, 1000}) {
    question.options.batch_bald_candidates = candidates;
    const Picks batch = question.ask("batch_bald");
    CHECK(batch[0].index == bald[0].index);
    CHECK(batch[0].score == Approx(bald[0].score).epsilon(1e-9));
  }
}

TEST_CASE("BatchBALD does not buy a duplicate while others still tell something") {
  Question question;
  // Samples 0 and 1 tell passes {0, 1} from {2, 3}; sample 2 tells, less surely, {0, 2} from {1,
  // 3}.
  const auto pass = [](float a, float b) { return matrix({{a, 1 - a}, {a, 1 - a}, {b, 1 - b}}); };
  question.predictions.mc_probs =
      at::stack({pass(0.99F, 0.8F), pass(0.99F, 0.2F), pass(0.01F, 0.8F), pass(0.01F, 0.2F)});
  question.unlabeled = {0, 1, 2};
  question.options.mc_passes = 4;
  question.n = 2;
  CHECK(sorted(indices_of(question.ask("bald_dropout"))) == Indices{0, 1});
  CHECK(question.ask("batch_bald")[1].index == 2);
}

TEST_CASE("two stages: the second picks among the first's candidates") {
  Question question = random_question(60);
  question.n = 4;
  question.options.two_stage_first = "margin_sampling";
  question.options.two_stage_factor = 3;
  const Indices picks = indices_of(question.ask("two_stage"));
  Question wide = question;
  wide.n = 12;
  Question narrow = question;
  narrow.unlabeled = sorted(indices_of(wide.ask("margin_sampling")));
  CHECK(picks == indices_of(narrow.ask("kcenter_greedy")));
  question.options.two_stage_factor = 1;
  CHECK(sorted(indices_of(question.ask("two_stage"))) ==
        sorted(indices_of(question.ask("margin_sampling"))));
}
