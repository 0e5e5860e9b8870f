#include <algorithm>

#include "tools/aggregate/study/courses.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"

using namespace al_mpi;

namespace {

std::vector<Course<std::int64_t>> confusion_courses(const Study& study, std::size_t most) {
  return courses_of(study, &ResultsTables::confusion, most);
}

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

TEST_CASE("calibrations add up in the same way") {
  ResultsTables file = made_file("calibration.h5");
  add_trial(file, {"random_sampling", "random", 1}, {0.1, 0.2});
  add_trial(file, {"random_sampling", "random", 2}, {0.1, 0.2});
  // Two bins: sum of confidences, correct ones, all.
  for (const double sure : {1.5, 1.6, 1.7, 1.8}) {
    for (const double value : {0.4, 1.0, 1.0, sure, 1.0, 2.0}) file.calibration.push_back(value);
  }
  const auto courses = courses_of(merge_study({file}), &ResultsTables::calibration, 100);
  REQUIRE(courses.size() == 1);
  REQUIRE(courses[0].counts.size() == 2);
  CHECK(courses[0].trials == std::vector<int>{2, 2});
  CHECK(courses[0].counts[1][0] == Approx(0.8));
  CHECK(courses[0].counts[1][3] == Approx(1.6 + 1.8));
  CHECK(courses[0].counts[1][5] == 4.0);
}
