#pragma once

#include <string>

#include <al_mpi/model/encoder.hpp>
#include <al_mpi/model/pretrain.hpp>

namespace al_mpi {

struct EmbedRequest {
  std::string file;        ///< dataset file, replaced as a whole
  std::string name;        ///< of the embedding in the file
  bool normalize = false;  ///< rows to L2 norm 1 (a row of zeros stays)
  bool force = false;      ///< replace an embedding of this name
};

/// Stores the features that a frozen network has for every image of every split. While it runs,
/// finished rows lie in FILE.NAME.part, and after a kill the same request goes on from there. The
/// dataset file is replaced at the end. Throws ConfigError, DataError; Error (unfinished) after
/// SIGINT or SIGTERM.
void embed_network(const EmbedRequest& request, const EncoderSource& source,
                   const EmbedOptions& options);

/// How well a stored embedding tells the classes apart: the accuracy on /test of nearest neighbours
/// and of a linear probe from /train. Zeros for segmentation.
QualityFigure embedding_quality(const std::string& file, const std::string& name);

/// Stores the band statistics (data/band_statistics.hpp) of every split as an embedding.
void embed_bands(const EmbedRequest& request);

/// Stores colours and textures (data/texture.hpp) of every split as an embedding.
void embed_texture(const EmbedRequest& request);

}  // namespace al_mpi
