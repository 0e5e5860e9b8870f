#include "tools/prepare/classes/split_plan.hpp"

#include <numeric>
#include <set>

#include "catch.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;
using Counts = std::vector<std::int64_t>;

namespace {

Counts counts_of(const SplitPlan& plan, const std::string& split, std::size_t n_classes) {
  Counts counts(n_classes, 0);
  const auto found = plan.members.find(split);
  if (found == plan.members.end()) return counts;
  for (const auto& member : found->second) ++counts[static_cast<std::size_t>(member.label)];
  return counts;
}

// EuroSAT's 27,000 images.
const Counts whole_eurosat = {3000, 3000, 3000, 2500, 2500, 2000, 2500, 3000, 2500, 3000};

}  // namespace

TEST_CASE("from the whole of EuroSAT come the published counts") {
  const auto balanced = plan_split(whole_eurosat, {});
  CHECK(balanced.scale == 1.0);
  CHECK(counts_of(balanced, "train", 10) ==
        Counts{249, 205, 215, 181, 211, 178, 220, 239, 219, 259});
  CHECK(counts_of(balanced, "test", 10) == Counts{120, 120, 120, 100, 100, 80, 100, 120, 100, 120});
  const auto unbalanced = plan_split(whole_eurosat, {"unbalanced"});
  CHECK(counts_of(unbalanced, "train", 10) ==
        Counts{180, 330, 270, 200, 100, 80, 75, 315, 200, 270});
}

TEST_CASE("fewer images scale pool and test down alike") {
  Counts available = whole_eurosat;
  for (auto& n : available) n /= 20;  // 150, 125 or 100 a class
  const auto plan = plan_split(available, {});
  // Pasture needs 178 + 80 and has 100.
  CHECK(plan.scale == Approx(100.0 / 258.0));
  const auto train = counts_of(plan, "train", 10), test = counts_of(plan, "test", 10);
  CHECK(std::accumulate(test.begin(), test.end(), std::int64_t{0}) ==
        418);             // floor(1080 * 100 / 258)
  CHECK(train[0] == 96);  // floor(249 * 100 / 258)
  for (std::size_t k = 0; k < 10; ++k) CHECK(train[k] + test[k] <= available[k]);
}

TEST_CASE("no image is in two splits, and the seed decides which is where") {
  const Counts available = {30, 40, 50};
  SplitRequest request{"all", 12, 9, 5};
  const auto plan = plan_split(available, request);
  CHECK(counts_of(plan, "test", 3) == Counts{3, 4, 5});
  std::set<std::pair<std::int64_t, std::int64_t>> seen;
  std::size_t total = 0;
  for (const auto& [name, members] : plan.members) {
    total += members.size();
    for (const auto& member : members) seen.insert({member.label, member.index});
  }
  CHECK(total == 120);
  CHECK(seen.size() == 120);
  CHECK(plan_split(available, request).members.at("train")[7].index ==
        plan.members.at("train")[7].index);
  request.seed = 6;
  bool differs = false;
  const auto other = plan_split(available, request);
  for (std::size_t i = 0; i < 20; ++i) {
    differs |= other.members.at("train")[i].index != plan.members.at("train")[i].index;
  }
  CHECK(differs);
}

TEST_CASE("counts of one's own are taken as they are or refused") {
  const auto plan = plan_split({50, 50, 50}, {"counts=10,20,30", 15, 0, 1});
  CHECK(counts_of(plan, "train", 3) == Counts{10, 20, 30});
  CHECK_THROWS_WITH(plan_split({50, 50, 50}, {"counts=10,20,46", 15, 0, 1}), Contains("exceed"));
  CHECK_THROWS_WITH(plan_split({50, 50}, {"counts=10", 5, 0, 1}), Contains("counts for 1 classes"));
  CHECK_THROWS_WITH(plan_split({50, 50}, {"counts=10,x", 5, 0, 1}), Contains("no list of counts"));
  CHECK_THROWS_WITH(plan_split({50, 50}, {"counts=10,", 5, 0, 1}), Contains("no list of counts"));
  CHECK_THROWS_WITH(plan_split({50, 50}, {"counts=10,-3", 5, 0, 1}), Contains("no list of counts"));
}

TEST_CASE("impossible requests are refused") {
  CHECK_THROWS_WITH(plan_split({9, 9}, {"all", 19, 0, 1}),
                    Contains("19 images asked for, there are 18"));
  CHECK_THROWS_WITH(plan_split({9, 9}, {"all", 18, 0, 1}), Contains("without images for the pool"));
  CHECK_THROWS_WITH(plan_split({9, 9}, {"all", 9, 10, 1}), Contains("--validation"));
  CHECK_THROWS_WITH(plan_split({9, 9}, {"balanced", 2, 0, 1}), Contains("use --split all"));
  CHECK_THROWS_WITH(plan_split({9, 9}, {"al", 2, 0, 1}), Contains("unknown split 'al'"));
}

TEST_CASE("sharing out keeps the total and favours the largest remainders") {
  CHECK(share_out(10, {1, 1, 1}) == Counts{4, 3, 3});
  CHECK(share_out(7, {5, 3, 2}) == Counts{4, 2, 1});  // 3.5, 2.1, 1.4
  CHECK(share_out(0, {5, 3}) == Counts{0, 0});
}
