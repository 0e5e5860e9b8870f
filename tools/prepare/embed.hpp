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

/// Stores the features of a frozen network, of every image of every split. What is done lies in
/// FILE.NAME.part while it runs, from which the same request goes on after a kill; the dataset file
/// is replaced at the end. Throws ConfigError, DataError; Error (unfinished) after SIGINT or
/// SIGTERM.
void embed_network(const EmbedRequest& request, const EncoderSource& source,
                   const EmbedOptions& options);

/// How well a stored embedding tells the classes apart: neighbours and probe of /train on /test.
/// Zeros for segmentation.
QualityFigure embedding_quality(const std::string& file, const std::string& name);

/// Stores the band statistics (data/band_statistics.hpp) of every split as an embedding.
void embed_bands(const EmbedRequest& request);

/// Stores colours and textures (data/texture.hpp) of every split as an embedding.
void embed_texture(const EmbedRequest& request);

}  // namespace al_mpi
