#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "study.hpp"

namespace al_mpi {

/// An array of counts that each round has (a confusion matrix, a calibration), for one strategy
/// from one initial set at its budgets: sums over all seeds that have one there.
template <class T>
struct Course {
  std::string dataset, init, strategy;
  std::vector<std::string> classes;
  std::vector<std::int64_t> labels;
  std::vector<int> trials;             ///< [budget] arrays added up
  std::vector<std::vector<T>> counts;  ///< [budget] the array, row-major
};

/// By group, initial set and strategy, of ResultsTables::confusion or ::calibration; those without
/// arrays are left out. Where all together hold more than `most_numbers`, each keeps fewer budgets,
/// evenly apart and the last one among them; too many for one budget each: none.
template <class T>
std::vector<Course<T>> courses_of(const Study& study, std::vector<T> ResultsTables::*array,
                                  std::size_t most_numbers);

extern template std::vector<Course<std::int64_t>> courses_of(
    const Study&, std::vector<std::int64_t> ResultsTables::*, std::size_t);
extern template std::vector<Course<double>> courses_of(const Study&,
                                                       std::vector<double> ResultsTables::*,
                                                       std::size_t);

}  // namespace al_mpi
