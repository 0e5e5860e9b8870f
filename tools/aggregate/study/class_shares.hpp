#pragma once

#include <string>
#include <vector>

#include "study.hpp"

namespace al_mpi {

/// How the picks of one group are distributed over the classes.
struct ClassShares {
  std::string dataset;
  std::vector<std::string> classes;
  std::vector<std::string> strategies;
  std::vector<std::vector<std::vector<double>>>
      shares;  ///< [strategy][round][class]; rounds without picks: empty
};

/// One a group whose picks carry labels; all initial sets and seeds together.
std::vector<ClassShares> class_shares(const Study& study);

/// Distribution of classes in a group's data: the pool's counts, if the file records them
/// (attribute `class_counts`), else the mean number of labels bought of each class; empty where
/// neither is known.
struct ClassDistribution {
  std::vector<std::string> classes;
  std::vector<double> counts;
  bool of_pool = false;
};
ClassDistribution class_distribution(const Study& study, std::size_t group);

}  // namespace al_mpi
