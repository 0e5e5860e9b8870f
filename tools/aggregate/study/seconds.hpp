#pragma once

#include <string>
#include <vector>

#include "study.hpp"

#include <al_mpi/stats/sample.hpp>

namespace al_mpi {

/// Seconds a round of one strategy, over all its trials and rounds.
struct SecondsSummary {
  std::string dataset, strategy;
  Sample query, train, evaluate;
};

/// By group and catalogue order; strategies without measured times are left out.
std::vector<SecondsSummary> seconds_of(const Study& study);

}  // namespace al_mpi
