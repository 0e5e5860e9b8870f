#include "courses.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace al_mpi {
namespace {

/// Sums by budget.
template <class T>
struct Sums {
  int trials = 0;
  std::vector<T> counts;
};

/// Numbers that each round of a file has in `values`.
template <class T>
std::size_t size_of_round(const ResultsTables& file, const std::vector<T>& values) {
  return file.rounds.trial.empty() ? 0 : values.size() / file.rounds.trial.size();
}

template <class T>
void add_trial(std::map<std::int64_t, Sums<T>>& sums, const ResultsTables& file,
               const std::vector<T>& values, const StudyTrial& trial) {
  const std::size_t size = size_of_round(file, values);
  for (std::size_t row = trial.first_row; row < trial.first_row + trial.n_rows; ++row) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(row * size);
    if (std::all_of(first, first + static_cast<std::ptrdiff_t>(size),
                    [](T n) { return n == T{0}; })) {
      continue;  // not recorded
    }
    Sums<T>& at = sums[file.rounds.n_labeled[row]];
    at.counts.resize(std::max(at.counts.size(), size), T{0});
    for (std::size_t i = 0; i < size; ++i) at.counts[i] += first[static_cast<std::ptrdiff_t>(i)];
    ++at.trials;
  }
}

/// Keeps `most` budgets, evenly apart, the last one among them.
template <class T>
void thin(Course<T>& course, std::size_t most) {
  const std::size_t n = course.labels.size();
  if (n <= most) return;
  Course<T> kept = course;
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

template <class T>
std::vector<Course<T>> courses_of(const Study& study, std::vector<T> ResultsTables::*array,
                                  std::size_t most_numbers) {
  std::vector<Course<T>> courses;
  std::vector<std::map<std::int64_t, Sums<T>>> sums;
  for (const StudyTrial& trial : study.trials) {
    const ResultsTables& file = study.files[trial.file];
    if ((file.*array).empty() || trial.n_rows == 0) continue;
    const TrialSpec& spec = study.record(trial).spec;
    const std::string& dataset = study.groups[trial.group];
    if (courses.empty() || courses.back().dataset != dataset || courses.back().init != spec.init ||
        courses.back().strategy != spec.strategy) {
      courses.push_back({dataset, spec.init, spec.strategy, file.class_names, {}, {}, {}});
      sums.emplace_back();
    }
    add_trial(sums.back(), file, file.*array, trial);
  }
  std::size_t one_budget = 0;  // numbers of one array each
  for (std::size_t i = 0; i < courses.size(); ++i) {
    for (auto& [labels, at] : sums[i]) {
      courses[i].labels.push_back(labels);
      courses[i].trials.push_back(at.trials);
      courses[i].counts.push_back(std::move(at.counts));
    }
    one_budget += courses[i].counts.empty() ? 0 : courses[i].counts.back().size();
  }
  if (one_budget > most_numbers) return {};
  for (Course<T>& course : courses)
    thin(course, most_numbers / std::max<std::size_t>(1, one_budget));
  courses.erase(std::remove_if(courses.begin(), courses.end(),
                               [](const Course<T>& c) { return c.labels.empty(); }),
                courses.end());
  return courses;
}

template std::vector<Course<std::int64_t>> courses_of(const Study&,
                                                      std::vector<std::int64_t> ResultsTables::*,
                                                      std::size_t);
template std::vector<Course<double>> courses_of(const Study&, std::vector<double> ResultsTables::*,
                                                std::size_t);

}  // namespace al_mpi
