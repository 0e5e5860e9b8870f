#pragma once

#include <map>
#include <string>
#include <vector>

#include "tools/raster/image_reader.hpp"
#include <al_mpi/data/dataset_writer.hpp>

namespace al_mpi {

/// Looks at all images of an import before any is read. The majority decides which bands, type and
/// scale of numbers and, for `one_size`, which height and width the images must have.
class ImageSurvey {
 public:
  /// `place` is the folder that messages name; `eurosat`: 13 bands without names are EuroSAT's.
  ImageSurvey(std::string place, const ImageOptions& options, bool one_size, bool eurosat);

  /// Opens the image and notes what it is like, or why it cannot be read. Returns the share of its
  /// values that are missing; 1 for an image that cannot be read.
  double look_at(const std::string& path);

  /// Bands, type, scale, pixel size and (for one_size) height and width of the images. Throws
  /// DataError: images that cannot be read, or are not like most; their number and the first three,
  /// what they are, and the option that settles it.
  void decide(DatasetDescription& description);

  /// What was decided that the user should know, a sentence each. After decide().
  std::vector<std::string> notes() const { return notes_; }

 private:
  struct Kind {
    BandChoice choice;
    std::int64_t height = 0, width = 0;
    std::string stored_type, baseline;
    double pixel_size = 0;
    std::vector<std::string> files;
  };
  std::string key_of(const Kind& kind) const;
  std::vector<std::string> aspects_of(const Kind& kind) const;
  [[noreturn]] void refuse(const Kind& usual, std::size_t n_files) const;
  void refuse_product_order() const;
  void note(const Kind& usual, bool any_mask);
  std::string short_name(const std::string& path) const;

  std::string place_;
  const ImageOptions& options_;
  bool one_size_, eurosat_;
  bool only_shifted_ = false;                               ///< no tag scales the numbers
  std::map<std::string, Kind> kinds_;                       ///< by everything that may differ
  std::vector<std::string> order_;                          ///< keys as they were met
  std::map<std::string, std::vector<std::string>> broken_;  ///< reason -> files
  std::size_t n_broken_ = 0;
  double n_values_ = 0, n_missing_ = 0;
  std::vector<double> sums_;  ///< [13] of images without band names
  int n_summed_ = 0;
  std::vector<std::string> notes_;
};

/// Reads a window of an image into the sample (of `type`), and which of its values are missing.
void read_sample(const Raster& image, const ImageOptions& options, bool eurosat,
                 const Window& window, PixelType type, Sample& sample);

}  // namespace al_mpi
