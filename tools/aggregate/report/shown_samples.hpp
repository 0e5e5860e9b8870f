#pragma once

#include <nlohmann/json_fwd.hpp>
#include "tools/aggregate/study/study.hpp"

namespace al_mpi {

/// What the report shows of single samples, as far as the results files hold pictures and maps: of
/// each strategy and initial set the trial with the lowest seed that has rounds.
/// "pictures" (by data set and name, base64), "gallery" (first and last query), "tiles"
/// (predictions of pixels), "maps" and "map_picks" (the pool in a plane, and what was picked
/// there), "notes" (what was left out).
nlohmann::json shown_samples(const Study& study);

}  // namespace al_mpi
