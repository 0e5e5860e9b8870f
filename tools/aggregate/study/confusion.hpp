#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "study.hpp"

namespace al_mpi {

/// Confusion of one strategy from one initial set at its budgets, over all seeds that have one
/// there.
struct ConfusionCourse {
  std::string dataset, init, strategy;
  std::vector<std::string> classes;
  std::vector<std::int64_t> labels;
  std::vector<int> trials;                        ///< [budget] matrices added up
  std::vector<std::vector<std::int64_t>> counts;  ///< [budget][true class, predicted class]
};

/// By group, initial set and strategy; those without matrices are left out. Where all together hold
/// more than `most_numbers`, each keeps fewer budgets, evenly apart and the last one among them;
/// too many for one budget each: none.
std::vector<ConfusionCourse> confusion_courses(const Study& study, std::size_t most_numbers);

}  // namespace al_mpi
