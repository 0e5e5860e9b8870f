// schedule: strategies by round.

#include "query/fake_predictions.hpp"

using namespace al_mpi;

TEST_CASE("a schedule asks each strategy for its queries and the last one to the end") {
  Question question = random_question(60);
  question.n = 5;
  question.options.schedule = {{"typiclust", 2}, {"badge", 1}, {"margin_sampling", 0}};
  const char* expected[] = {"typiclust", "typiclust", "badge", "margin_sampling",
                            "margin_sampling"};
  for (int round = 1; round <= 5; ++round) {
    question.round = round;
    CHECK(indices_of(question.ask("schedule")) == indices_of(question.ask(expected[round - 1])));
  }
}

TEST_CASE("the schedule given by default is TypiClust for three queries, then margins") {
  Question question = random_question(60);
  question.n = 5;
  question.round = 3;
  CHECK(indices_of(question.ask("schedule")) == indices_of(question.ask("typiclust")));
  question.round = 4;
  CHECK(indices_of(question.ask("schedule")) == indices_of(question.ask("margin_sampling")));
}

TEST_CASE("a schedule that ends has no answer to what follows") {
  Question question = random_question(30);
  question.options.schedule = {{"badge", 2}};
  question.round = 2;
  CHECK(question.ask("schedule").size() == 1);
  question.round = 3;
  CHECK_THROWS_WITH(question.ask("schedule"),
                    Contains("query.schedule: names no strategy for round 3"));
}

TEST_CASE("a schedule looks at a huge pool share by share as its strategy does") {
  Question question = random_question(60);
  question.n = 6;
  question.options.schedule = {{"margin_sampling", 0}};
  question.options.partition = 3;
  CHECK(indices_of(question.ask("schedule")) == indices_of(question.ask("margin_sampling")));
}

TEST_CASE("the stages of a schedule are those of all its parts") {
  QueryOptions options;
  options.schedule = {{"loss_prediction", 1}, {"two_stage", 0}};
  CHECK(stages_of("schedule", options) ==
        std::vector<std::string>{"loss_prediction", "entropy_sampling", "kcenter_greedy"});
  CHECK(needs_predicted_losses("schedule", options));
  CHECK_FALSE(needs_predicted_losses("schedule", QueryOptions()));
}
