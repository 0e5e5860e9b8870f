#include <al_mpi/catalog/catalog.hpp>

#include "query/fake_predictions.hpp"

using namespace al_mpi;

TEST_CASE("any strategy runs on shares of the pool and picks n distinct candidates") {
  for (const StrategyInfo& info : strategy_catalog()) {
    DYNAMIC_SECTION(info.name) {
      Question question = random_question(60);
      question.options.partition = 3;
      for (const std::int64_t n : {1, 2, 10, 40}) {
        question.n = n;
        const Picks picks = question.ask(info.name);
        const Indices chosen = sorted(indices_of(picks));
        CHECK(static_cast<std::int64_t>(chosen.size()) == n);
        CHECK(std::adjacent_find(chosen.begin(), chosen.end()) == chosen.end());
        std::reverse(question.unlabeled.begin(), question.unlabeled.end());
        CHECK(indices_of(question.ask(info.name)) == indices_of(picks));
      }
    }
  }
}

TEST_CASE("shares are disjoint, of equal size and of another draw for each seed") {
  Question question = random_question(60);
  std::vector<Indices> asked;
  QueryContext context = question.context();
  context.keep_scores = [&](const Indices& indices, const at::Tensor&) {
    asked.push_back(indices);
  };
  question.options.partition = 4;
  question.n = 8;
  strategy("margin_sampling")(context);  // n = 1 when the context was made: one share gives it
  CHECK(asked.size() == 1);
  asked.clear();
  QueryContext eight = context.about(question.unlabeled, 8, question.options);
  strategy("margin_sampling")(eight);
  REQUIRE(asked.size() == 4);
  Indices all;
  for (const Indices& share : asked) {
    CHECK(share.size() == 10);
    all.insert(all.end(), share.begin(), share.end());
  }
  CHECK(sorted(all) == question.unlabeled);
}

TEST_CASE("one share is the whole pool, more shares than candidates are as many as candidates") {
  Question question = random_question(30);
  question.n = 5;
  const Picks whole = question.ask("entropy_sampling");
  question.options.partition = 1;
  CHECK(indices_of(question.ask("entropy_sampling")) == indices_of(whole));
  question.options.partition = 1000;
  CHECK(question.ask("entropy_sampling").size() == 5);
}
