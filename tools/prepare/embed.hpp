#pragma once

#include <string>

namespace al_mpi {

struct EmbedRequest {
  std::string file;        ///< dataset file, replaced as a whole
  std::string name;        ///< of the embedding in the file
  bool normalize = false;  ///< rows to L2 norm 1 (a row of zeros stays)
  bool force = false;      ///< replace an embedding of this name
};

/// Stores the band statistics of every split (see data/band_statistics.hpp) as an embedding.
void embed_bands(const EmbedRequest& request);

}  // namespace al_mpi
