#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <al_mpi/data/dataset.hpp>
#include <al_mpi/model/options.hpp>

namespace al_mpi {

/// A network after training, with all that looking at new images needs. Plain data;
/// engine/network_file.hpp keeps it on disk.
struct TrainedNetwork {
  ModelOptions model;
  Precision precision = Precision::fp32;
  Task task = Task::classification;
  std::vector<std::string> classes;
  std::int64_t ignore_label = -1;  ///< never answered
  std::vector<std::string> bands;
  PixelType pixel_type = PixelType::uint16;
  std::vector<float> mean, std_dev;  ///< [bands], of the pool it was trained on
  std::string sensor;                ///< of the pool, as Dataset has them
  std::vector<double> scale, offset;
  double pixel_size = 0;
  std::int64_t height = 0, width = 0;  ///< of the images it was trained on [pixels]
  std::string state;                   ///< Learner::state()
};

/// The classes that a trained network sees in images.
class Classifier {
 public:
  /// Throws DataError where the weights do not fit, ConfigError for a network on embeddings or an
  /// unknown device.
  Classifier(const TrainedNetwork& network, const std::string& device);
  ~Classifier();

  /// images [n, bands, height, width] float32 row-major, as the sensor stored them -> classes,
  /// never the ignored one: [n], for segmentation [n, height, width]. Values that are not finite
  /// count as the band's mean.
  std::vector<std::uint8_t> operator()(const std::vector<float>& images, std::int64_t n,
                                       std::int64_t height, std::int64_t width) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace al_mpi
