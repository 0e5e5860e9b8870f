#pragma once

#include <string>
#include <vector>

#include <al_mpi/results/reader.hpp>

namespace al_mpi {

struct SettingChange {
  std::string key, a, b;  ///< empty: not there
};

/// What differs between two results files: settings, data set, versions, devices and hosts. Two
/// things are left out: where results lie and how often they are written; and all settings, if one
/// of the files holds no settings.
std::vector<SettingChange> changed_settings(const ResultsTables& a, const ResultsTables& b);

}  // namespace al_mpi
