// class_balanced_random, stratified: bounds that see labels which were not bought; and
// predicted_class_random, which sees predicted classes.

#include <map>
#include <set>

#include <ATen/ops/full.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/catalog.hpp>

#include "query/fake_predictions.hpp"

using namespace al_mpi;

namespace {

/// Samples 0..9 are of class 0, 10..15 of class 1, 16..19 of class 2.
std::int64_t class_of(std::int64_t index) {
  return index < 10 ? 0 : index < 16 ? 1 : 2;
}

Question twenty() {
  Question question;
  question.unlabeled = range(0, 20);
  question.oracle_classes = [](std::int64_t i) { return Indices{class_of(i)}; };
  return question;
}

std::map<std::int64_t, int> histogram(const Picks& picks) {
  std::map<std::int64_t, int> counts;
  for (const Pick& pick : picks) ++counts[class_of(pick.index)];
  return counts;
}

using Counts = std::map<std::int64_t, int>;

}  // namespace

TEST_CASE("class_balanced_random fills up the classes with the fewest labels, while they last") {
  Question question = twenty();
  question.labeled = {0, 1, 2};
  question.labels = {0, 0, 0};
  question.unlabeled = range(3, 20);
  question.n = 6;
  CHECK(histogram(question.ask("class_balanced_random")) == Counts{{1, 3}, {2, 3}});
  question.n = 14;  // class 2 has only four
  CHECK(histogram(question.ask("class_balanced_random")) == Counts{{0, 4}, {1, 6}, {2, 4}});
}

TEST_CASE("class_balanced_random draws every sample of a class equally often") {
  Question question = twenty();
  question.n = 3;  // one of each class
  std::map<std::int64_t, int> drawn;
  constexpr int n_draws = 6000;
  for (question.seed = 1; question.seed <= n_draws; ++question.seed) {
    for (const Pick& pick : question.ask("class_balanced_random")) ++drawn[pick.index];
  }
  double chi_squared = 0.0;
  for (std::int64_t i = 10; i < 16; ++i) {
    const double expected = n_draws / 6.0;
    chi_squared += (drawn[i] - expected) * (drawn[i] - expected) / expected;
  }
  CHECK(chi_squared < 20.5);  // 5 degrees of freedom, p = 0.001
}

TEST_CASE("stratified keeps the pool's class shares, by largest remainders") {
  Question question = twenty();
  question.n = 10;
  CHECK(histogram(question.ask_init("stratified")) == Counts{{0, 5}, {1, 3}, {2, 2}});
  question.n = 7;  // 3.5, 2.1, 1.4: two remainders of equal use, the larger wins
  CHECK(histogram(question.ask_init("stratified")) == Counts{{0, 4}, {1, 2}, {2, 1}});
}

TEST_CASE("predicted_class_random finds classes that the network sees in few images") {
  // 100 images of 2 x 2 pixels of class 0; one pixel of image 17 is class 1, one of 60 class 2.
  Question question;
  at::Tensor p = at::full({100, 3, 2, 2}, 0.1);
  p.select(1, 0).fill_(0.8);
  const auto see = [&](std::int64_t image, std::int64_t c) {
    p[image].select(1, 0).select(1, 1).fill_(0.1);
    p[image][c][0][1] = 0.8;
  };
  see(17, 1);
  see(60, 2);
  question.predictions.probs = p;
  question.unlabeled = range(0, 100);
  question.n = 3;
  std::set<std::int64_t> others;
  for (question.seed = 1; question.seed <= 30; ++question.seed) {
    const Indices picks = indices_of(question.ask("predicted_class_random"));
    CHECK(std::count(picks.begin(), picks.end(), 17) == 1);
    CHECK(std::count(picks.begin(), picks.end(), 60) == 1);
    others.insert(picks.begin(), picks.end());
  }
  CHECK(others.size() > 15);  // the third is random
}

TEST_CASE("predicted_class_random goes round the predicted classes, then takes any") {
  // Samples 0 ... 9 are taken for class 0, 10 and 11 for class 1; nothing is for class 2.
  Question question;
  question.predictions.probs = at::full({12, 3}, 0.1);
  question.predictions.probs.narrow(0, 0, 10).select(1, 0).fill_(0.8);
  question.predictions.probs.narrow(0, 10, 2).select(1, 1).fill_(0.8);
  question.unlabeled = range(0, 12);
  for (question.seed = 1; question.seed <= 20; ++question.seed) {
    question.n = 4;
    const Indices picks = sorted(indices_of(question.ask("predicted_class_random")));
    CHECK(picks[1] < 10);
    CHECK(picks[2] == 10);
    CHECK(picks[3] == 11);
  }
}

TEST_CASE("class-aware draws take one sample of each class by turns, then any") {
  // Of twelve images 0 ... 5 hold class 0, 4 ... 9 class 1, 0 class 2; 10 and 11 nothing known.
  const std::vector<Indices> classes = {{0, 2}, {0}, {0}, {0}, {0, 1}, {0, 1},
                                        {1},    {1}, {1}, {1}, {},     {}};
  Question question;
  question.unlabeled = range(0, 12);
  question.oracle_classes = [&](std::int64_t i) { return classes[static_cast<std::size_t>(i)]; };
  std::set<std::int64_t> seen;
  for (question.seed = 1; question.seed <= 40; ++question.seed) {
    question.n = 3;
    const Indices three = indices_of(question.ask("true_class_random"));
    int first = 0, second = 0;
    for (const std::int64_t i : three) {
      first += i < 6 ? 1 : 0;
      second += i >= 4 && i < 10 ? 1 : 0;
      seen.insert(i);
    }
    CHECK(first >= 1);
    CHECK(second >= 1);
    // Class 2's only image may have been taken in the turn of class 0, else it comes by its own.
    CHECK(std::count(three.begin(), three.end(), 0) == 1);
    question.n = 12;
    const Indices all = indices_of(question.ask("true_class_random"));
    CHECK(sorted({all[10], all[11]}) == Indices{10, 11});
  }
  CHECK(seen.size() == 10);
}

TEST_CASE("only what is marked as an oracle sees labels that were not bought") {
  CHECK(is_oracle("class_balanced_random"));
  CHECK(is_oracle("stratified"));
  CHECK(is_oracle("boss"));
  CHECK(is_oracle("true_class_random"));
  CHECK_FALSE(is_oracle("random_sampling"));
  CHECK_FALSE(is_oracle("predicted_class_random"));
  CHECK_FALSE(is_oracle("typiclust"));
  Question question = random_question(30);
  question.n = 4;
  question.oracle_classes = [](std::int64_t) -> Indices { throw InternalError("was asked"); };
  question.oracle_test = []() -> LabeledFeatures { throw InternalError("was asked"); };
  for (const StrategyInfo& info : strategy_catalog()) {
    if (!info.oracle) CHECK_NOTHROW(question.ask(info.name));
  }
  question.oracle_classes = nullptr;
  CHECK_THROWS_AS(question.ask("class_balanced_random"), DataError);
}
