#pragma once

#include <string>

#include "tools/aggregate/study/analysis.hpp"

namespace al_mpi {

/// The whole analysis as JSON. Numbers have all their digits; NaN is null.
std::string numbers_json(const Study& study, const Analysis& analysis);

}  // namespace al_mpi
