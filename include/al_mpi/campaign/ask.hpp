#pragma once

#include <string>

#include <al_mpi/campaign/campaign.hpp>
#include <al_mpi/engine/run_trial.hpp>

namespace al_mpi {

/// `al_trial ask`.
struct AskRequest {
  TrialInput input;           ///< settings; its dataset is the campaign's pool
  std::string settings;       ///< fingerprint of the settings
  std::string configuration;  ///< all of them, kept in the round's folder
  std::string image_prefix;   ///< before the thumbnails' paths in Label Studio's file
};

/// The campaign's open round: the last one where nothing was told since it was made, else a new
/// one, trained on all that was told. While fewer than two classes are known it is an initial set.
/// Files of the round that are missing are written again; those that are there stay as they are,
/// for people write into them. `is_new` says which it was.
const CampaignRound& ask(Campaign& campaign, const AskRequest& request, const TrialEvents& events,
                         bool& is_new);

}  // namespace al_mpi
