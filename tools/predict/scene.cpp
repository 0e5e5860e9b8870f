#include "tools/predict/scene.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

/// A cell along one axis, and the window that decides it.
struct Span {
  std::int64_t cell, cell_size;  ///< first pixel and number of pixels
  std::int64_t window;           ///< first pixel
};

std::vector<Span> spans(std::int64_t length, std::int64_t window, std::int64_t stride) {
  std::vector<Span> all;
  for (std::int64_t cell = 0; cell < length; cell += stride) {
    const std::int64_t around = cell + stride / 2 - window / 2;
    all.push_back({cell, std::min(stride, length - cell),
                   std::clamp<std::int64_t>(around, 0, length - window)});
  }
  return all;
}

class ScenePrediction {
 public:
  ScenePrediction(const TrainedNetwork& network, const std::string& device,
                  const SceneRequest& request)
      : image_(request.image), network_(network), pixels_(network.task == Task::segmentation) {
    window_ = request.window > 0 ? request.window : network.height;
    stride_ = request.stride > 0 ? request.stride
              : pixels_          ? std::max<std::int64_t>(1, window_ / 2)
                                 : window_;
    check_image();
    rows_ = spans(image_.height, window_, stride_);
    columns_ = spans(image_.width, window_, stride_);
    summary_.height = pixels_ ? image_.height : static_cast<std::int64_t>(rows_.size());
    summary_.width = pixels_ ? image_.width : static_cast<std::int64_t>(columns_.size());
    summary_.legend = legend_of(network);
    summary_.counts.assign(network.classes.size(), 0);
    classifier_ = std::make_unique<Classifier>(network, device);
  }

  SceneSummary write(const SceneRequest& request) {
    const Georeference& place = image_.place;
    ClassRaster map(request.output, summary_.height, summary_.width,
                    pixels_ || !place.known() ? place : place.coarser(stride_), summary_.legend);
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      const std::int64_t height = pixels_ ? rows_[r].cell_size : 1;
      strip_.assign(static_cast<std::size_t>(height * summary_.width), summary_.legend.no_data);
      predict_row(rows_[r]);
      count();
      map.write({0, pixels_ ? rows_[r].cell : static_cast<std::int64_t>(r), summary_.width, height},
                strip_.data());
    }
    if (!request.picture.empty()) map.write_picture(request.picture);
    map.commit();
    return summary_;
  }

 private:
  void check_image() const {
    const auto fail = [&](const std::string& problem) {
      throw DataError(image_.path(), "", problem);
    };
    const auto n_bands = static_cast<std::int64_t>(network_.bands.size());
    if (image_.channels != n_bands) {
      fail(fmt::format("{} bands (the network was trained on {}: {})", image_.channels, n_bands,
                       fmt::join(network_.bands, " ")));
    }
    if (image_.pixel_type != network_.pixel_type && image_.pixel_type != PixelType::float32) {
      fail(fmt::format(
          "pixels of {} (the network was trained on {}; values must be in the same unit)",
          to_string(image_.pixel_type), to_string(network_.pixel_type)));
    }
    if (window_ > image_.height || window_ > image_.width) {
      fail(fmt::format("{} x {} pixels, smaller than a window of {} (--window)", image_.height,
                       image_.width, window_));
    }
    if (stride_ > window_) {
      throw ConfigError("--stride",
                        fmt::format("{} is more than a window of {}", stride_, window_));
    }
    if (network_.classes.size() > 255) {
      throw DataError("network", "", "more than 255 classes do not fit into a map of bytes");
    }
  }

  /// Fills the strip: windows of one row, a batch at a time.
  void predict_row(const Span& row) {
    constexpr std::int64_t values_a_batch = std::int64_t{1} << 22;  // 16 MiB of float32
    const std::int64_t image_size = image_.channels * window_ * window_;
    const auto n = static_cast<std::int64_t>(columns_.size());
    const std::int64_t batch_size = std::clamp<std::int64_t>(values_a_batch / image_size, 1, 64);
    for (std::int64_t first = 0; first < n; first += batch_size) {
      const std::int64_t size = std::min(batch_size, n - first);
      images_.resize(static_cast<std::size_t>(size * image_size));
      for (std::int64_t i = 0; i < size; ++i) {
        const Span& column = columns_[static_cast<std::size_t>(first + i)];
        image_.read_float({column.window, row.window, window_, window_},
                          images_.data() + i * image_size);
      }
      const std::vector<std::uint8_t> classes = (*classifier_)(images_, size, window_, window_);
      for (std::int64_t i = 0; i < size; ++i) {
        const float* image = images_.data() + i * image_size;
        if (pixels_) {
          take_pixels(row, columns_[static_cast<std::size_t>(first + i)], image,
                      classes.data() + i * window_ * window_);
        } else if (has_data(image)) {
          strip_[static_cast<std::size_t>(first + i)] = classes[static_cast<std::size_t>(i)];
        }
      }
    }
  }

  void take_pixels(const Span& row, const Span& column, const float* image,
                   const std::uint8_t* classes) {
    for (std::int64_t y = 0; y < row.cell_size; ++y) {
      for (std::int64_t x = 0; x < column.cell_size; ++x) {
        const std::int64_t at =
            (row.cell - row.window + y) * window_ + column.cell - column.window + x;
        if (!has_data(image, at)) continue;
        strip_[static_cast<std::size_t>(y * summary_.width + column.cell + x)] = classes[at];
      }
    }
  }

  bool has_data(const float* image, std::int64_t pixel) const {
    bool all_zero = true, all_marked = image_.no_data.has_value();
    for (std::int64_t band = 0; band < image_.channels; ++band) {
      const float value = image[band * window_ * window_ + pixel];
      if (!std::isfinite(value)) return false;
      all_zero = all_zero && value == 0;
      all_marked = all_marked && value == static_cast<float>(*image_.no_data);
    }
    return !all_zero && !all_marked;
  }

  bool has_data(const float* image) const {
    for (std::int64_t pixel = 0; pixel < window_ * window_; ++pixel) {
      if (has_data(image, pixel)) return true;
    }
    return false;
  }

  void count() {
    for (const std::uint8_t value : strip_) {
      if (value == summary_.legend.no_data) {
        ++summary_.n_no_data;
      } else {
        ++summary_.counts[value];
      }
    }
  }

  Raster image_;
  const TrainedNetwork& network_;
  bool pixels_;  ///< a class for each, or one for each cell
  std::int64_t window_ = 0, stride_ = 0;
  std::vector<Span> rows_, columns_;
  SceneSummary summary_;
  std::unique_ptr<Classifier> classifier_;
  std::vector<float> images_;        ///< [batch, bands, window, window]
  std::vector<std::uint8_t> strip_;  ///< [cell height, map width]
};

}  // namespace

SceneSummary predict_scene(const TrainedNetwork& network, const std::string& device,
                           const SceneRequest& request) {
  return ScenePrediction(network, device, request).write(request);
}

}  // namespace al_mpi
