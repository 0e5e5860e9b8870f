#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <al_mpi/campaign/campaign.hpp>

namespace al_mpi {

/// round.json; questions name their tiles by `names`, too, for people.
nlohmann::ordered_json round_to_json(const CampaignRound& round,
                                     const std::vector<std::string>& names);
void from_json(const nlohmann::json& from, CampaignRound& round);

}  // namespace al_mpi
