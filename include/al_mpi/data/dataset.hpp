#pragma once

#include <any>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <al_mpi/base/enum_names.hpp>

namespace al_mpi {

AL_ENUM(Task, classification, segmentation)
AL_ENUM(PixelType, uint8, uint16, float32)

std::size_t bytes_of(PixelType type);

/// A row-major float32 matrix [n, dim] that lives as long as its dataset (or the mapping it came
/// from).
struct MatrixView {
  const float* data = nullptr;
  std::int64_t n = 0;
  std::int64_t dim = 0;
};

/// Whether a number may be what a label costs.
inline bool is_cost(double cost) {
  return std::isfinite(cost) && cost > 0;
}

/// A point on Earth, WGS 84 [degrees].
struct Place {
  double longitude = 0, latitude = 0;
};

/// One split ("train", "validation", "test"): images as the sensor stored them, and their labels.
struct Split {
  const void* images = nullptr;  ///< [n, channels, height, width], contiguous, mapped read-only
  PixelType pixel_type = PixelType::uint16;
  std::int64_t n = 0;
  std::int64_t copies =
      1;  ///< the arrays of images and label maps hold n / copies samples, in turn
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::int64_t> labels;              ///< [n] classification; empty for segmentation
  const std::uint8_t* label_maps = nullptr;      ///< [n, height, width] segmentation; else nullptr
  std::vector<std::string> names;                ///< [n] where each sample came from; may be empty
  std::vector<Place> places;                     ///< [n] centres of the images; empty = not known
  std::vector<double> costs;                     ///< [n] of each label, > 0; empty = 1 each
  std::map<std::string, MatrixView> embeddings;  ///< name -> [n, D] frozen features
  /// Values that were missing when the images were imported, and hold the mean of others now; -1 =
  /// not known
  std::int64_t n_missing = -1;

  /// Things that the users of a split share, by name (images on a GPU); copies of the split have
  /// the same. For one thread at a time.
  std::shared_ptr<std::map<std::string, std::any>> kept =
      std::make_shared<std::map<std::string, std::any>>();

  const void* image(std::int64_t i) const;              ///< address of image i, [C, H, W]
  const std::uint8_t* label_map(std::int64_t i) const;  ///< address of label map i, [H, W]
};

/// A dataset, read-only. Files are mapped into memory, so all processes of a node share one copy.
/// Format: docs/formats.md, "Dataset file".
class Dataset {
 public:
  /// Throws DataError: missing, truncated or foreign file, labels out of range, sizes that
  /// disagree, non-finite normalisation, pixels stored otherwise than contiguous.
  static std::shared_ptr<const Dataset> open(const std::string& path);

  virtual ~Dataset() = default;

  Task task = Task::classification;
  std::vector<std::string>
      classes;  ///< [K]; for segmentation class 0 is "no data" (see ignore_label)
  std::vector<std::string> bands;  ///< [C]
  std::vector<float> mean;         ///< [C] over /train, in the unit of the stored pixels
  std::vector<float> std_dev;      ///< [C], > 0
  std::int64_t ignore_label = -1;  ///< label that is no class; -1 = none
  std::string source;
  std::string licence;
  std::map<std::string, Split> splits;  ///< has "train" and "test", may have "validation"
  std::string sensor;  ///< whose bands these are (data/sensors.hpp); empty = not known
  std::vector<double> scale,
      offset;             ///< [C] physical value = scale * pixel + offset; empty = not known
  double pixel_size = 0;  ///< height and width of a pixel on the ground [m]; 0 = not known

  const Split& train() const { return splits.at("train"); }
  const Split& test() const { return splits.at("test"); }
  std::int64_t n_classes() const { return static_cast<std::int64_t>(classes.size()); }

  /// 16 hex digits over shapes, labels, names and a fixed sample of pixels: tells two datasets
  /// apart in milliseconds, also when they are gigabytes.
  std::string fingerprint() const;

 protected:
  Dataset() = default;
};

/// The dataset with every sample of its pool (/train) `copies` times: sample i of n is i, i + n, i
/// + 2n, ... Pixels are shared, not copied.
std::shared_ptr<const Dataset> with_duplicates(std::shared_ptr<const Dataset> dataset,
                                               std::int64_t copies);

}  // namespace al_mpi
