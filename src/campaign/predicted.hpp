#pragma once

#include <string>
#include <vector>

#include <al_mpi/campaign/campaign.hpp>

namespace al_mpi {

/// The class that a round's network gives each tile of the pool (its predictions.csv), by the
/// number of CampaignRound::classes; empty where the round has none.
std::vector<std::int64_t> predicted_classes(const Campaign& campaign, const CampaignRound& round);

}  // namespace al_mpi
