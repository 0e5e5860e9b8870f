#pragma once

#include <string>

#include "tools/aggregate/study/study.hpp"

namespace al_mpi {

/// Tidy: a row a round; dataset, strategy, init, seed, state, round, n_labeled, then every metric
/// (empty where missing). Every digit.
std::string rounds_csv(const Study& study);

/// The reference's log: lines `Strategy_init,seed,uuid,value`, trial after trial, its class names,
/// a uuid made from the trial's key. import_log() reads it back.
std::string reference_log(const Study& study, const std::string& metric);

}  // namespace al_mpi
