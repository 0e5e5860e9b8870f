// refine: an ensemble of strategies that filter the pool for uherding.

#include <set>

#include "query/fake_predictions.hpp"

using namespace al_mpi;

namespace {

const std::vector<std::string> members = {
    "random_sampling", "margin_sampling", "badge",       "bait",    "typiclust",
    "alfa_mix",        "drop_query",      "max_herding", "uherding"};

}  // namespace

TEST_CASE("on a pool of one subset refine is five rounds of asking all, then uherding") {
  Question question = random_question(300);
  question.n = 4;
  Question narrow = question;
  for (int stage = 0; stage < 5; ++stage) {
    std::set<std::int64_t> kept;
    for (const std::string& member : members) {
      for (const Pick& pick : narrow.ask(member)) kept.insert(pick.index);
    }
    narrow.unlabeled = Indices(kept.begin(), kept.end());
  }
  CHECK(narrow.unlabeled.size() < 40);
  CHECK(narrow.unlabeled.size() >= 4);
  CHECK(indices_of(question.ask("refine")) == indices_of(narrow.ask("uherding")));
}

TEST_CASE("of a larger pool each member of refine looks at random subsets of its own") {
  Question question = random_question(3300);  // 2200 candidates: two subsets
  question.n = 25;
  REQUIRE(question.unlabeled.size() == 2200);
  RngStream rng = question.context().rng("partition");
  std::set<std::int64_t> kept;
  std::set<Indices> subsets;
  for (const std::string& member : members) {
    Indices shuffled = question.unlabeled;
    rng.shuffle(shuffled);
    for (const std::ptrdiff_t first : {0, 1100}) {
      Question narrow = question;
      narrow.unlabeled = Indices(shuffled.begin() + first, shuffled.begin() + first + 1100);
      for (const Pick& pick : narrow.ask(member)) kept.insert(pick.index);
      subsets.insert(sorted(narrow.unlabeled));
    }
  }
  CHECK(subsets.size() == 2 * members.size());
  CHECK(kept.size() > 9 * 25);  // more than one batch of each
  Question narrow = question;
  for (int stage = 1; stage < 5; ++stage) {
    narrow.unlabeled = Indices(kept.begin(), kept.end());
    kept.clear();
    for (const std::string& member : members) {
      for (const Pick& pick : narrow.ask(member)) kept.insert(pick.index);
    }
  }
  narrow.unlabeled = Indices(kept.begin(), kept.end());
  const Indices picks = indices_of(question.ask("refine"));
  CHECK(picks == indices_of(narrow.ask("uherding")));
  question.seed = 2;
  CHECK(sorted(indices_of(question.ask("refine"))) != sorted(picks));
}
