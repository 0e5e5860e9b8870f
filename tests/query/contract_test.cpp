// Every registered strategy and initial set keeps the contract of QueryFn.

#include <limits>

#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/softmax.h>

#include "query/fake_predictions.hpp"
#include <al_mpi/catalog/catalog.hpp>

using namespace al_mpi;

namespace {

struct Named {
  std::string name;
  bool initial;
  Picks operator()(Question& question) const {
    return initial ? question.ask_init(name) : question.ask(name);
  }
};

std::vector<Named> all_queries() {
  std::vector<Named> all;
  for (const StrategyInfo& info : strategy_catalog()) all.push_back({info.name, false});
  for (const StrategyInfo& info : init_catalog()) all.push_back({info.name, true});
  return all;
}

template <class Fn>
void for_all(const Fn& fn) {
  for (const Named& query : all_queries()) {
    DYNAMIC_SECTION((query.initial ? "init " : "strategy ") << query.name) {
      fn(query);
    }
  }
}

/// n distinct candidates.
void check_picks(const Question& question, const Picks& picks, std::int64_t n) {
  const Indices chosen = sorted(indices_of(picks));
  CHECK(static_cast<std::int64_t>(chosen.size()) == n);
  CHECK(std::adjacent_find(chosen.begin(), chosen.end()) == chosen.end());
  const Indices candidates = sorted(question.unlabeled);
  CHECK(std::includes(candidates.begin(), candidates.end(), chosen.begin(), chosen.end()));
}

}  // namespace

TEST_CASE("a query picks as many distinct candidates as asked for, up to all of them") {
  for_all([](const Named& query) {
    for (const std::int64_t n : {0, 1, 7, 40, 41, 1000}) {
      Question question = random_question(60);
      question.n = n;
      check_picks(question, query(question), std::min<std::int64_t>(n, 40));
    }
  });
}

TEST_CASE("no candidates, no picks") {
  for_all([](const Named& query) {
    Question question = random_question(9);
    question.unlabeled.clear();
    question.n = 3;
    CHECK(query(question).empty());
  });
}

TEST_CASE("a query works without any labelled sample") {
  for_all([](const Named& query) {
    Question question = random_question(30);
    question.labeled.clear();
    question.labels.clear();
    question.unlabeled = range(0, 30);
    question.n = 5;
    check_picks(question, query(question), 5);
  });
}

TEST_CASE("the same streams give the same picks, whatever the order of the candidates") {
  for_all([](const Named& query) {
    Question question = random_question(60);
    question.n = 9;
    const Picks first = query(question);
    const Picks again = query(question);
    std::reverse(question.unlabeled.begin(), question.unlabeled.end());
    const Picks reversed = query(question);
    CHECK(indices_of(first) == indices_of(again));
    CHECK(indices_of(first) == indices_of(reversed));
    for (std::size_t i = 0; i < first.size(); ++i) CHECK(first[i].score == again[i].score);
  });
}

TEST_CASE("a tie of all samples is broken by the seed, not by position") {
  for_all([](const Named& query) {
    Question question = random_question(60);
    FakePredictions& p = question.predictions;
    for (at::Tensor* values :
         {&p.probs, &p.stored_features, &p.stored_embeddings, &p.images, &p.losses}) {
      *values = values->select(0, 0).unsqueeze(0).expand_as(*values).contiguous();
    }
    p.mc_probs = p.mc_probs.select(1, 0).unsqueeze(1).expand_as(p.mc_probs).contiguous();
    question.n = 6;
    const Picks picks = query(question);
    check_picks(question, picks, 6);
    CHECK(sorted(indices_of(picks)) !=
          Indices(question.unlabeled.begin(), question.unlabeled.begin() + 6));
    question.seed = 2;
    CHECK(sorted(indices_of(query(question))) != sorted(indices_of(picks)));
  });
}

TEST_CASE("samples with non-finite numbers come last") {
  for_all([](const Named& query) {
    Question question = random_question(30);
    FakePredictions& p = question.predictions;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const Indices bad = {1, 4, 5};
    for (const std::int64_t i : bad) {
      for (at::Tensor* values :
           {&p.probs, &p.stored_features, &p.stored_embeddings, &p.images, &p.losses}) {
        values->select(0, i).fill_(nan);
      }
      p.mc_probs.select(1, i).fill_(nan);
    }
    question.n = 17;  // all 20 candidates but the bad ones
    const Picks picks = query(question);
    check_picks(question, picks, 17);
    if (query.name.find("random") != std::string::npos || is_oracle(query.name))
      return;  // looks at no number
    for (const Pick& pick : picks) {
      CHECK(std::find(bad.begin(), bad.end(), pick.index) == bad.end());
    }
    question.n = 20;
    check_picks(question, query(question), 20);
  });
}

TEST_CASE("one class only and certain predictions are no obstacle") {
  for_all([](const Named& query) {
    Question question = random_question(30);
    FakePredictions& p = question.predictions;
    p.probs = at::full_like(p.probs, 0.0F);
    p.probs.select(1, 2).fill_(1.0);
    p.mc_probs = at::full_like(p.mc_probs, 0.0F);
    p.mc_probs.select(2, 2).fill_(1.0);
    std::fill(question.labels.begin(), question.labels.end(), 2);
    question.n = 8;
    const Picks picks = query(question);
    check_picks(question, picks, 8);
    for (const Pick& pick : picks) CHECK(std::isfinite(pick.score));
  });
}

TEST_CASE("what works on pixels works on pixels") {
  for (const StrategyInfo& info : strategy_catalog()) {
    if (!info.segmentation) continue;
    DYNAMIC_SECTION(info.name) {
      Question question = random_question(30);
      question.labels.clear();
      question.predictions.probs = at::softmax(random_tensor({30, 4, 5, 6}, 3), 1);
      question.predictions.mc_probs = at::softmax(random_tensor({5, 30, 4, 5, 6}, 4), 2);
      question.n = 4;
      check_picks(question, question.ask(info.name), 4);
    }
  }
}

TEST_CASE("the registry knows aliases and refuses unknown names") {
  Question question = random_question(30);
  question.n = 5;
  CHECK(indices_of(question.ask("MarginSampling")) == indices_of(question.ask("margin_sampling")));
  CHECK_THROWS_AS(strategy("margn_sampling"), ConfigError);
  CHECK_THROWS_AS(initial_set("margin_sampling"), ConfigError);
}
