#include <algorithm>

#include "tools/aggregate/study/confusion.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"

using namespace al_mpi;

namespace {

/// Two classes; the matrix of each round is {base, 1, 2, 3} with base = 10 seed + round.
ResultsTables with_confusion(int seeds, const std::vector<std::string>& strategies) {
  ResultsTables file = made_file("confusion.h5");
  for (int seed = 1; seed <= seeds; ++seed) {
    for (const std::string& strategy : strategies) {
      add_trial(file, {strategy, "random", seed}, {0.1, 0.2, 0.3, 0.4, 0.5});
      for (int round = 0; round < 5; ++round) {
        for (const int n : {10 * seed + round, 1, 2, 3}) file.confusion.push_back(n);
      }
    }
  }
  return file;
}

}  // namespace

TEST_CASE("matrices add up over seeds, budget by budget") {
  const Study study = merge_study({with_confusion(2, {"random_sampling", "margin_sampling"})});
  const auto courses = confusion_courses(study, 1000);
  REQUIRE(courses.size() == 2);
  CHECK(courses[0].strategy == "random_sampling");
  CHECK(courses[1].strategy == "margin_sampling");
  CHECK(courses[0].labels == std::vector<std::int64_t>{32, 64, 96, 128, 160});
  CHECK(courses[0].trials == std::vector<int>(5, 2));
  CHECK(courses[0].counts[1] == std::vector<std::int64_t>{11 + 21, 2, 4, 6});
}

TEST_CASE("too many numbers: fewer budgets, the last one always; then none") {
  const Study study = merge_study({with_confusion(1, {"random_sampling", "margin_sampling"})});
  const auto three = confusion_courses(study, 3 * 2 * 4);
  CHECK(three.at(1).labels == std::vector<std::int64_t>{32, 96, 160});
  CHECK(three.at(1).counts.size() == 3);
  CHECK(three.at(0).counts.back().front() == 14);
  CHECK(confusion_courses(study, 8).at(0).labels == std::vector<std::int64_t>{160});
  CHECK(confusion_courses(study, 7).empty());
}

TEST_CASE("rounds without a matrix and files without any are left out") {
  ResultsTables file = with_confusion(1, {"random_sampling"});
  std::fill(file.confusion.begin(), file.confusion.begin() + 4, 0);
  CHECK(confusion_courses(merge_study({file}), 1000).at(0).labels.front() == 64);
  file.confusion.clear();
  CHECK(confusion_courses(merge_study({file}), 1000).empty());
}
