// bait against the same algorithm with explicit matrices.

#include <map>

#include <ATen/ops/cat.h>
#include <ATen/ops/diag.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/kron.h>
#include <ATen/ops/linalg_inv.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "query/fake_predictions.hpp"
#include "src/query/scores/fisher_information.hpp"

using namespace al_mpi;

namespace {

at::Tensor explicit_information(const at::Tensor& p, const at::Tensor& h) {
  return at::kron(at::diag(p) - at::outer(p, p), at::outer(h, h));
}

/// Features and probabilities of a pool, as bait sees them, and all matrices multiplied out.
struct Explicit {
  explicit Explicit(const Question& question) {
    const at::Tensor h = question.predictions.stored_features.to(at::kDouble);
    const at::Tensor inputs = at::cat({h - h.mean(0), at::ones({h.size(0), 1}, at::kDouble)}, 1);
    const at::Tensor p = question.predictions.probs.to(at::kDouble);
    for (std::int64_t i = 0; i < h.size(0); ++i) {
      of.push_back(explicit_information(p[i] / p[i].sum(), inputs[i]));
    }
    target = at::zeros_like(of[0]);
    for (const at::Tensor& one : of) target = target + one / static_cast<double>(h.size(0));
    start = question.options.bait_ridge * at::eye(target.size(0), at::kDouble);
    for (const std::int64_t i : question.labeled) start = start + of[static_cast<std::size_t>(i)];
  }

  double trace(const Indices& chosen) const {
    at::Tensor sum = start;
    for (const std::int64_t i : chosen) sum = sum + of[static_cast<std::size_t>(i)];
    return at::linalg_inv(sum).mm(target).trace().item<double>();
  }

  /// Forward to n_added, backward to n, by trying everything.
  Indices greedy(Indices rest, std::size_t n_added, std::size_t n) const {
    Indices chosen;
    const auto change = [&](Indices& from, Indices* to) {  // the best to move out of `from`
      std::map<double, std::size_t> traces;
      for (std::size_t i = 0; i < from.size(); ++i) {
        Indices set = to ? *to : from;
        if (to) set.push_back(from[i]);
        if (!to) set.erase(set.begin() + static_cast<std::ptrdiff_t>(i));
        traces.emplace(trace(set), i);
      }
      const auto best = static_cast<std::ptrdiff_t>(traces.begin()->second);
      if (to) to->push_back(from[static_cast<std::size_t>(best)]);
      from.erase(from.begin() + best);
    };
    while (chosen.size() < n_added && !rest.empty()) change(rest, &chosen);
    while (chosen.size() > n) change(chosen, nullptr);
    return chosen;
  }

  std::vector<at::Tensor> of;
  at::Tensor start, target;
};

/// The first two samples are labelled; three classes, two features.
Question small_question(std::int64_t seed, std::int64_t size = 8) {
  Question question;
  question.predictions.stored_features = 2.0 * random_tensor({size, 2}, seed);
  question.predictions.probs = at::softmax(2.0 * random_tensor({size, 3}, seed + 1000), 1);
  question.labeled = {0, 1};
  question.labels = {0, 1};
  question.unlabeled = range(2, size);
  return question;
}

}  // namespace

TEST_CASE("changes of bait's trace by Woodbury's identity are those of explicit inverses") {
  const at::Tensor p = at::softmax(random_tensor({7, 4}, 1), 1).to(at::kDouble);
  const at::Tensor h = random_tensor({7, 3}, 2).to(at::kDouble);
  const at::Tensor known = p / p.sum(1, true);
  const FisherInformation information(known, h);
  at::Tensor all = at::zeros({12, 12}, at::kDouble);
  for (std::int64_t i = 0; i < 7; ++i) all = all + explicit_information(known[i], h[i]);
  const at::Tensor rows = at::tensor(range(0, 7));
  CHECK((information.sum(rows) - all).abs().max().item<double>() < 1e-12);

  const at::Tensor target = all / 7.0;
  const at::Tensor sum = 0.1 * at::eye(12, at::kDouble) + all;
  const at::Tensor inverse = at::linalg_inv(sum);
  const at::Tensor falls = information.trace_changes(rows, inverse, target, 1.0);
  const at::Tensor rises = information.trace_changes(rows, inverse, target, -1.0);
  const double before = inverse.mm(target).trace().item<double>();
  const auto trace_of = [&](const at::Tensor& matrix) {
    return at::linalg_inv(matrix).mm(target).trace().item<double>();
  };
  for (std::int64_t i = 0; i < 7; ++i) {
    const at::Tensor own = explicit_information(known[i], h[i]);
    CHECK(falls[i].item<double>() == Approx(before - trace_of(sum + own)).epsilon(1e-8));
    CHECK(rises[i].item<double>() == Approx(trace_of(sum - own) - before).epsilon(1e-8));
  }
}

TEST_CASE("bait's first samples are those of the smallest trace, found by trying all") {
  for (std::int64_t seed = 0; seed < 20; ++seed) {
    Question question = small_question(seed);
    const Explicit matrices(question);
    for (const std::int64_t n : {1, 2}) {
      question.n = n;
      INFO("seed " << seed << ", n " << n);
      CHECK(sorted(indices_of(question.ask("bait"))) ==
            sorted(matrices.greedy(question.unlabeled, static_cast<std::size_t>(2 * n),
                                   static_cast<std::size_t>(n))));
    }
  }
}

TEST_CASE("bait's ridge and weight are the authors' on request") {
  // Their code: minimise tr((lambda + (sum over labelled + n sum over batch) / (L + n))^-1 I_pool).
  int n_other = 0;
  for (std::int64_t seed = 0; seed < 20; ++seed) {
    Question question = small_question(seed, 12);
    question.n = 2;
    question.options.bait_ridge = 0.3;
    const Indices ours = sorted(indices_of(question.ask("bait")));
    Explicit matrices(question);
    matrices.start = matrices.start - 0.3 * at::eye(9, at::kDouble);
    matrices.start = matrices.start / 4.0 + 0.3 * at::eye(9, at::kDouble);  // L = 2, n = 2
    for (at::Tensor& one : matrices.of) one = one * (2.0 / 4.0);
    question.options.bait_ridge_on = RidgeOn::mean;
    question.options.bait_weight = 0;
    const Indices theirs = sorted(indices_of(question.ask("bait")));
    CHECK(theirs == sorted(matrices.greedy(question.unlabeled, 4, 2)));
    n_other += theirs != ours ? 1 : 0;
  }
  CHECK(n_other > 0);
}

TEST_CASE("bait takes back what others have made superfluous") {
  int n_other = 0;
  for (std::int64_t seed = 0; seed < 20; ++seed) {
    Question question = small_question(seed, 16);
    question.n = 4;
    const Explicit matrices(question);
    const Indices picked = sorted(indices_of(question.ask("bait")));
    CHECK(picked == sorted(matrices.greedy(question.unlabeled, 8, 4)));
    n_other += picked != sorted(matrices.greedy(question.unlabeled, 4, 4)) ? 1 : 0;
  }
  CHECK(n_other > 0);  // without the backward steps
}

TEST_CASE("bait's scores are the falls of the trace, and it picks no copy while others tell more") {
  Question question = small_question(3);
  FakePredictions& p = question.predictions;
  question.n = 3;  // of six candidates: nothing is left to take back from
  const Explicit matrices(question);
  const Picks picks = question.ask("bait");
  CHECK(picks[0].score >= picks[1].score);
  double best = matrices.trace({});
  for (const std::int64_t i : question.unlabeled) best = std::min(best, matrices.trace({i}));
  CHECK(picks[0].score <= Approx(matrices.trace({}) - best).epsilon(1e-6));

  // 2 and 3 are one sample, and so are 4 and 5.
  for (const std::int64_t i : {2, 4}) {
    p.stored_features[i + 1].copy_(p.stored_features[i]);
    p.probs[i + 1].copy_(p.probs[i]);
  }
  p.stored_features[2].fill_(3.0);
  p.stored_features[3].fill_(3.0);
  p.stored_features[4].copy_(at::tensor({3.0F, -3.0F}));
  p.stored_features[5].copy_(at::tensor({3.0F, -3.0F}));
  p.probs.fill_(1.0F / 3.0F);
  question.unlabeled = {2, 3, 4, 5};
  question.n = 2;
  const Indices chosen = sorted(indices_of(question.ask("bait")));
  CHECK(chosen[0] < 4);
  CHECK(chosen[1] >= 4);
}

TEST_CASE("bait puts samples of certain predictions after all others") {
  Question question = small_question(5);
  for (const std::int64_t i : {3, 5}) {
    question.predictions.probs[i].fill_(0.0F);
    question.predictions.probs[i][1] = 1.0F;
  }
  question.n = 4;
  CHECK(sorted(indices_of(question.ask("bait"))) == Indices{2, 4, 6, 7});
  question.n = 6;
  const Picks picks = question.ask("bait");
  for (std::size_t i = 4; i < 6; ++i) CHECK(picks[i].score == Approx(0.0).margin(1e-12));
}

TEST_CASE("bait looks at as many principal axes as it is told") {
  Question question = random_question(40);
  question.n = 5;
  const Indices all = indices_of(question.ask("bait"));  // 320 / 4 - 1 axes: all 18
  question.options.bait_dimensions = 18;
  CHECK(indices_of(question.ask("bait")) == all);
  question.options.bait_dimensions = 1;
  CHECK(sorted(indices_of(question.ask("bait"))) != sorted(all));
}
