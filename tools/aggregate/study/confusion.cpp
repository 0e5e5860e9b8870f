#include "confusion.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace al_mpi {
namespace {

/// Sums by budget.
struct Sums {
  int trials = 0;
  std::vector<std::int64_t> counts;
};

void add_trial(std::map<std::int64_t, Sums>& sums, const ResultsTables& file,
               const StudyTrial& trial) {
  const std::size_t cells = file.class_names.size() * file.class_names.size();
  for (std::size_t row = trial.first_row; row < trial.first_row + trial.n_rows; ++row) {
    const auto first = file.confusion.begin() + static_cast<std::ptrdiff_t>(row * cells);
    if (std::all_of(first, first + static_cast<std::ptrdiff_t>(cells),
                    [](std::int64_t n) { return n == 0; })) {
      continue;  // not recorded
    }
    Sums& at = sums[file.rounds.n_labeled[row]];
    at.counts.resize(cells, 0);
    for (std::size_t i = 0; i < cells; ++i) at.counts[i] += first[static_cast<std::ptrdiff_t>(i)];
    ++at.trials;
  }
}

/// Keeps `most` budgets, evenly apart, the last one among them.
void thin(ConfusionCourse& course, std::size_t most) {
  const std::size_t n = course.labels.size();
  if (n <= most) return;
  ConfusionCourse kept = course;
  kept.labels.clear();
  kept.trials.clear();
  kept.counts.clear();
  for (std::size_t i = 0; i < most; ++i) {
    const std::size_t from = most == 1 ? n - 1 : i * (n - 1) / (most - 1);
    kept.labels.push_back(course.labels[from]);
    kept.trials.push_back(course.trials[from]);
    kept.counts.push_back(std::move(course.counts[from]));
  }
  course = std::move(kept);
}

}  // namespace

std::vector<ConfusionCourse> confusion_courses(const Study& study, std::size_t most_numbers) {
  std::vector<ConfusionCourse> courses;
  std::vector<std::map<std::int64_t, Sums>> sums;
  for (const StudyTrial& trial : study.trials) {
    const ResultsTables& file = study.files[trial.file];
    if (file.confusion.empty() || trial.n_rows == 0) continue;
    const TrialSpec& spec = study.record(trial).spec;
    const std::string& dataset = study.groups[trial.group];
    if (courses.empty() || courses.back().dataset != dataset || courses.back().init != spec.init ||
        courses.back().strategy != spec.strategy) {
      courses.push_back({dataset, spec.init, spec.strategy, file.class_names, {}, {}, {}});
      sums.emplace_back();
    }
    add_trial(sums.back(), file, trial);
  }
  std::size_t one_budget = 0;  // numbers of one matrix each
  for (std::size_t i = 0; i < courses.size(); ++i) {
    for (auto& [labels, at] : sums[i]) {
      courses[i].labels.push_back(labels);
      courses[i].trials.push_back(at.trials);
      courses[i].counts.push_back(std::move(at.counts));
    }
    one_budget += courses[i].classes.size() * courses[i].classes.size();
  }
  if (one_budget > most_numbers) return {};
  for (ConfusionCourse& course : courses)
    thin(course, most_numbers / std::max<std::size_t>(1, one_budget));
  courses.erase(std::remove_if(courses.begin(), courses.end(),
                               [](const ConfusionCourse& c) { return c.labels.empty(); }),
                courses.end());
  return courses;
}

}  // namespace al_mpi
