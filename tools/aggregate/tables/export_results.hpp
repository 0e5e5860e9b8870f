#pragma once

#include <string>

#include "tools/aggregate/study/study.hpp"

namespace al_mpi {

/// CSV with a row for each round: dataset, strategy, init, seed, state, round, n_labeled, then
/// every metric (empty where missing). Numbers have all their digits.
std::string rounds_csv(const Study& study);

/// A log as the published study writes it: lines `Strategy_init,seed,uuid,value`, trial after
/// trial, with the study's class names and a uuid made from the trial's key. import_log() reads it
/// back.
std::string reference_log(const Study& study, const std::string& metric);

}  // namespace al_mpi
