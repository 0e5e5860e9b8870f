#include "tools/prepare/embeddings/embed.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/ops/from_blob.h>

#include "tools/prepare/embeddings/partial_rows.hpp"
#include "tools/prepare/output/progress.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/data/band_statistics.hpp>
#include <al_mpi/data/dataset_writer.hpp>
#include <al_mpi/data/label_pool.hpp>
#include <al_mpi/data/texture.hpp>
#include <al_mpi/io/mapped_file.hpp>
#include <al_mpi/model/feature_quality.hpp>

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

/// Known before hours of work, not after them.
void refuse_taken_name(const Dataset& dataset, const EmbedRequest& request) {
  if (request.force || dataset.train().embeddings.count(request.name) == 0) return;
  throw ConfigError("--name", fmt::format("{} has an embedding '{}' already (--force replaces it)",
                                          request.file, request.name));
}

/// Everything that the numbers depend on, in one line.
std::string settings_of(const Dataset& dataset, const EncoderSource& source,
                        const EmbedOptions& options) {
  std::string file;
  if (!source.file.empty()) {
    const auto bytes = MappedFile::map(source.file);
    file = to_hex(stable_hash(bytes->data(), static_cast<std::size_t>(bytes->size())));
  }
  return fmt::format("al_mpi rows {} {} {} {} {} {} {} {} {} {}", dataset.fingerprint(),
                     name_of(source.kind), file, source.network, name_of(source.first_conv),
                     source.method, source.seed, source.device, name_of(source.precision),
                     options.batch_size);
}

template <class Statistics>
void embed_statistics(const EmbedRequest& request, const std::string& method,
                      const Statistics& statistics) {
  check_name(request.name);
  const auto dataset = open_dataset_or_pool(request.file);
  refuse_taken_name(*dataset, request);
  Embedding embedding;
  embedding.name = request.name;
  embedding.values = statistics(*dataset);
  embedding.dim =
      static_cast<std::int64_t>(embedding.values.at("train").size()) / dataset->train().n;
  embedding.made_from = {{"method", method}, {"normalized", request.normalize ? "L2" : "no"}};
  if (request.normalize) {
    for (auto& [name, values] : embedding.values) {
      normalize_rows(values, static_cast<std::size_t>(embedding.dim));
    }
  }
  write_embedding(request.file, embedding, request.force);
}

}  // namespace

void embed_network(const EmbedRequest& request, const EncoderSource& source,
                   const EmbedOptions& options) {
  check_name(request.name);
  const auto dataset = open_dataset_or_pool(request.file);
  refuse_taken_name(*dataset, request);
  const Encoder encoder = make_encoder(*dataset, source);
  Embedding embedding{request.name, encoder.dim, {}, encoder.made_from};
  embedding.made_from.emplace_back("normalized", request.normalize ? "L2" : "no");
  PartialRows partial(request.file + "." + request.name + ".part",
                      settings_of(*dataset, source, options));
  std::int64_t n_batches = 0;
  for (const auto& [name, split] : dataset->splits) {
    n_batches += (split.n + options.batch_size - 1) / options.batch_size;
  }
  n_batches -= static_cast<std::int64_t>(partial.size());
  Progress progress("embedding batches", std::max<std::int64_t>(n_batches, 1),
                    "the same command goes on from here");
  for (const auto& [name, split] : dataset->splits) {
    const std::string& of = name;
    embed_split(
        dataset, name, encoder, options, [&](std::int64_t first) { return partial.has(of, first); },
        [&](std::int64_t first, const at::Tensor& rows) {
          const auto* values = rows.data_ptr<float>();
          partial.add(of, first, {values, values + rows.numel()});
          progress.step();
        });
    auto& values = embedding.values[name];
    for (std::int64_t first = 0; first < split.n; first += options.batch_size) {
      const auto& rows = partial.rows(name, first);
      values.insert(values.end(), rows.begin(), rows.end());
    }
    if (request.normalize) normalize_rows(values, static_cast<std::size_t>(encoder.dim));
  }
  write_embedding(request.file, embedding, request.force);
  partial.remove();
}

QualityFigure embedding_quality(const std::string& file, const std::string& name) {
  const auto dataset = open_dataset_or_pool(file);
  if (dataset->task != Task::classification || is_label_pool(*dataset)) return {};
  const auto features = [&](const Split& split) {
    const MatrixView rows = split.embeddings.at(name);
    return LabeledFeatures{at::from_blob(const_cast<float*>(rows.data), {rows.n, rows.dim}),
                           split.labels};
  };
  const LabeledFeatures train = features(dataset->train()), test = features(dataset->test());
  return {knn_accuracy(train, test), linear_probe_accuracy(train, test)};
}

void embed_bands(const EmbedRequest& request) {
  embed_statistics(request, "band statistics, standardised over /train", [](const auto& dataset) {
    std::map<std::string, std::vector<float>> rows;
    for (const auto& [name, split] : dataset.splits) rows[name] = band_statistics(dataset, name);
    return rows;
  });
}

void embed_texture(const EmbedRequest& request) {
  embed_statistics(request, "texture statistics, standardised over /train", texture);
}

}  // namespace al_mpi
