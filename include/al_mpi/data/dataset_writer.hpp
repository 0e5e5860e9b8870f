#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <al_mpi/data/dataset.hpp>
#include <al_mpi/data/label_pool.hpp>

namespace al_mpi {

/// What a dataset file says about itself, and the one shape of its images.
struct DatasetDescription {
  Task task = Task::classification;
  std::vector<std::string> classes;  ///< [K]
  std::vector<std::string> bands;    ///< [C]
  PixelType pixel_type = PixelType::uint16;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t ignore_label = -1;
  std::string source;
  std::string licence;
  std::string sensor = {};  ///< as Dataset has them
  std::vector<double> scale = {}, offset = {};
  double pixel_size = 0;
  bool learnable = false;   ///< refuse a class that is in the test set, but not in the pool
  bool label_pool = false;  ///< for people to label: no /test, labels may be -1
};

/// One sample, filled in by a SplitSource.
struct Sample {
  std::vector<std::uint8_t> image;      ///< bytes of [C, H, W], sized by the writer
  std::int64_t label = 0;               ///< classification
  std::vector<std::uint8_t> label_map;  ///< [H, W] segmentation, sized by the writer
  std::string name;                     ///< where it came from
  std::optional<Place> place;           ///< its centre, where that is known
  std::optional<Footprint> footprint;   ///< its corners, where they are known
  std::string system;                   ///< its coordinate system (WKT); empty = not known
  /// [C, H, W] 1 where the image has no value, which then counts in no statistics; empty = none is
  /// missing
  std::vector<std::uint8_t> missing;
};

/// A frozen embedding that is written row by row; read(i, row) fills in `dim` numbers.
struct EmbeddingSource {
  std::string name;
  std::int64_t dim = 0;
  std::function<void(std::int64_t i, float* row)> read;
  std::vector<std::pair<std::string, std::string>> made_from;  ///< "method" -> "imported", ...
};

/// Where the samples of a split come from; read(i, sample) is called once for i = 0 .. n-1, in
/// order.
struct SplitSource {
  std::int64_t n = 0;
  std::function<void(std::int64_t i, Sample& sample)> read;
  std::vector<EmbeddingSource> embeddings = {};
};

/// Writes a dataset file sample by sample (memory: one sample), with the mean and standard
/// deviation of every band over what "train" has of it (population; 1 for a constant band). A band
/// that an image lacks wholly is filled with that mean. The file appears whole or not at all.
/// `splits` needs "train", and "test" where all is labelled. Throws DataError: unwritable place,
/// full disk, a pixel that is not finite, a label that is no class; and whatever `read` throws.
void write_dataset(const std::string& path, const DatasetDescription& description,
                   const std::map<std::string, SplitSource>& splits);

/// Writes a whole dataset, e.g. synthetic scenes. Its mean and standard deviation are computed
/// anew.
void write_dataset(const std::string& path, const Dataset& dataset);

/// A frozen embedding of every split, and how it was made.
struct Embedding {
  std::string name;
  std::int64_t dim = 0;
  std::map<std::string, std::vector<float>> values;  ///< split -> [n, dim] row-major
  std::vector<std::pair<std::string, std::string>>
      made_from;  ///< "method" -> "band statistics", ...
};

/// Adds an embedding to a dataset file, which is replaced as a whole (the images are copied once).
/// Throws ConfigError if the name is taken and not `replace`, DataError if the file is no dataset
/// or the values have another size or are not finite.
void write_embedding(const std::string& path, const Embedding& embedding, bool replace);

/// Says in a dataset file what the label of each image of the pool costs, in place of what it said
/// before. The file is replaced as a whole. Throws DataError if it is no dataset.
void write_costs(const std::string& path, const std::vector<double>& costs);

}  // namespace al_mpi
