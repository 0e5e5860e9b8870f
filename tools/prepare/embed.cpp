#include "tools/prepare/embed.hpp"

#include <cmath>

#include <al_mpi/base/error.hpp>
#include <al_mpi/data/band_statistics.hpp>
#include <al_mpi/data/dataset_writer.hpp>

namespace al_mpi {
namespace {

void normalize_rows(std::vector<float>& values, std::size_t dim) {
  for (std::size_t begin = 0; begin < values.size(); begin += dim) {
    double squares = 0;
    for (std::size_t d = 0; d < dim; ++d) squares += double(values[begin + d]) * values[begin + d];
    if (squares == 0) continue;
    const auto scale = static_cast<float>(1.0 / std::sqrt(squares));
    for (std::size_t d = 0; d < dim; ++d) values[begin + d] *= scale;
  }
}

void check_name(const std::string& name) {
  if (name.empty() || name == "." || name.find('/') != std::string::npos) {
    throw ConfigError("--name", fmt::format("'{}' cannot name an embedding", name));
  }
}

}  // namespace

void embed_bands(const EmbedRequest& request) {
  check_name(request.name);
  const auto dataset = Dataset::open(request.file);
  Embedding embedding;
  embedding.name = request.name;
  embedding.dim = static_cast<std::int64_t>(dataset->bands.size()) * statistics_a_band;
  embedding.made_from = {{"method", "band statistics, standardised over /train"},
                         {"normalized", request.normalize ? "L2" : "no"}};
  for (const auto& [name, split] : dataset->splits) {
    auto& values = embedding.values[name] = band_statistics(*dataset, name);
    if (request.normalize) normalize_rows(values, static_cast<std::size_t>(embedding.dim));
  }
  write_embedding(request.file, embedding, request.force);
}

}  // namespace al_mpi
