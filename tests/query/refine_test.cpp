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
