#pragma once

#include <string>

#include <al_mpi/campaign/campaign.hpp>

namespace al_mpi {

/// What people label with, in the round's folder: to_label.csv, to_label.geojson with its style
/// to_label.qml, label_studio.json with its interface label_studio.xml, thumbnails/. Files that are
/// there already are left alone.
void write_question_files(const Campaign& campaign, const CampaignRound& round,
                          const std::string& image_prefix);

}  // namespace al_mpi
