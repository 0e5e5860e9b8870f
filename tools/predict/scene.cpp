#include "tools/predict/scene.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

/// A cell along one axis, and the window whose prediction gives its classes.
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

/// Statistics of one band: of the scene, and of the images that the network was trained on.
struct BandNumbers {
  double mean = 0, deviation = 0, low = 0;  ///< of the scene; low = 1st percentile
  double trained_mean = 0, trained_deviation = 1;

  double away() const { return (mean - trained_mean) / trained_deviation; }
  bool outside() const {
    const double spread = deviation / trained_deviation;
    return std::abs(away()) > 3 || spread > 20 || (spread < 0.05 && std::abs(away()) > 0.5);
  }
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The likely reason why a scene's numbers differ, as the end of a sentence: "; ...". Empty where
/// the numbers do not tell.
std::string likely_reason(const std::vector<BandNumbers>& bands) {
  std::vector<double> ratios, differences;
  for (const BandNumbers& band : bands) {
    ratios.push_back(band.trained_mean == 0 ? 1 : band.mean / band.trained_mean);
    differences.push_back(band.mean - band.trained_mean);
  }
  const double ratio = median(ratios), difference = median(differences);
  if (ratio > 0 && ratio < 1e-3) {
    return "; as reflectance is where digital numbers were trained on";
  }
  if (ratio > 1e3)
    return "; as digital numbers are where reflectance was trained on (--values physical)";
  if (difference > 600 && difference < 1500) {
    return "; Sentinel-2's numbers since processing baseline 04.00 are 1000 higher";
  }
  if (difference < -600 && difference > -1500) {
    return "; Sentinel-2's numbers before processing baseline 04.00 are 1000 lower";
  }
  return "";
}

/// Whether an offset seems to have been added: every band of the scene is at least 1000 or so,
/// though the network saw darker ones.
bool looks_shifted(const std::vector<BandNumbers>& bands) {
  constexpr double offset = 950;
  bool darker_trained = false;
  std::vector<double> differences;
  for (const BandNumbers& band : bands) {
    if (band.low < offset) return false;
    darker_trained = darker_trained || band.trained_mean - band.trained_deviation < offset;
    differences.push_back(band.mean - band.trained_mean);
  }
  const double difference = median(differences);
  return darker_trained && difference > 600 && difference < 1500;
}

class ScenePrediction {
 public:
  ScenePrediction(const TrainedNetwork& network, const std::string& device,
                  const SceneRequest& request)
      : image_(request.image),
        network_(network),
        request_(request),
        pixels_(network.task == Task::segmentation) {
    window_ = request.window > 0 ? request.window : network.height;
    stride_ = request.stride > 0 ? request.stride
              : pixels_          ? std::max<std::int64_t>(1, window_ / 2)
                                 : window_;
    find_bands();
    compare_scales();
    check_image();
    compare_numbers();
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
    for (const auto& doubt : doubts_) {  // told only if neither scene nor output was refused
      if (request.tell) request.tell(doubt);
    }
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
  void tell(const std::string& what) {
    doubts_.push_back(fmt::format("{}: {}", image_.path(), what));
  }

  /// Finds the network's bands in the scene: by their names, by --bands, or by their number.
  void find_bands() {
    const auto n_bands = network_.bands.size();
    choice_ = choose_bands(image_, request_.bands, false);
    const Sensor* sensor = find_sensor(network_.sensor);
    const auto known = [](const std::string& name) {
      return !name.empty() && name.rfind("band ", 0) != 0;
    };
    const bool network_named = std::all_of(network_.bands.begin(), network_.bands.end(), known);
    const auto is_there = [&](const std::string& name) {
      return std::any_of(choice_.names.begin(), choice_.names.end(), [&](const std::string& other) {
        return same_band(name, sensor, other, choice_.sensor);
      });
    };
    // Red, green and blue may be only what the writing program assumed of any three bands of bytes.
    const bool named = choice_.named_by == BandChoice::By::file ||
                       (choice_.named_by == BandChoice::By::colors &&
                        std::all_of(network_.bands.begin(), network_.bands.end(), is_there));
    if (named && network_named && request_.bands.bands.empty()) {
      const auto as_stored = choice_.from;
      choice_ = match_bands(image_, choice_, network_.bands, sensor);
      if (choice_.from != as_stored) {
        std::vector<std::string> numbers;
        for (const auto band : choice_.from) numbers.push_back(fmt::format("{}", band + 1));
        tell(fmt::format("bands are taken by their names: numbers {} of the file are {}",
                         fmt::join(numbers, " "), fmt::join(network_.bands, " ")));
      }
      return;
    }
    if (choice_.from.size() != n_bands) {
      throw DataError(
          image_.path(), "",
          fmt::format("{} bands (the network was trained on {}: {}); --bands picks them",
                      choice_.from.size(), n_bands, fmt::join(network_.bands, " ")));
    }
    if (request_.bands.bands.empty()) {
      tell(fmt::format(
          "its bands have no names: taken in the network's order, {} (--bands names or reorders "
          "them)",
          fmt::join(network_.bands, " ")));
    }
  }

  /// Where both the scene and the training images declare how numbers become physical values,
  /// chooses gain and shift such that the scene's numbers get the scale of the training images.
  void compare_scales() {
    if (request_.bands.values == PixelValues::physical) return;
    const bool trained = !network_.scale.empty() && !network_.offset.empty();
    if (choice_.has_scale() != trained) {
      tell(trained ? "it declares no scale and offset, the training images did: its numbers are "
                     "taken as "
                     "they are"
                   : "it declares a scale and offset, the training images did not: its numbers are "
                     "taken as "
                     "they are (--values physical applies them)");
      return;
    }
    if (!trained || request_.bands.values == PixelValues::stored) return;
    for (std::size_t b = 0; b < network_.bands.size(); ++b) {
      gain_.push_back(choice_.scale[b] / network_.scale[b]);
      shift_.push_back((choice_.offset[b] - network_.offset[b]) / network_.scale[b]);
      rescaled_ = rescaled_ || std::abs(gain_[b] - 1) > 1e-9 || std::abs(shift_[b]) > 1e-6;
    }
    if (rescaled_) {
      tell(
          "its scale and offset are not those of the training images: its numbers are converted to "
          "theirs "
          "(--values stored takes them as they are)");
    }
  }

  /// Reads a window, with its numbers in the scale of the training images.
  void read(const Window& window, std::vector<float>& values,
            std::vector<std::uint8_t>& missing) const {
    read_image(image_, choice_, request_.bands, window, values, missing);
    if (!rescaled_) return;
    const std::size_t n = values.size() / gain_.size();
    for (std::size_t i = 0; i < n; ++i) {  // 0 in all bands is no data, and has to stay so
      bool all_zero = true;
      for (std::size_t at = i; at < values.size(); at += n) all_zero = all_zero && values[at] == 0;
      if (!all_zero) continue;
      missing.resize(values.size(), 0);
      for (std::size_t at = i; at < values.size(); at += n) missing[at] = 1;
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t b = i / n;
      values[i] = static_cast<float>(gain_[b] * static_cast<double>(values[i]) + shift_[b]);
    }
  }

  /// Notes a doubt where the scene's numbers or pixels are not like those of the training images.
  /// Looks at up to 64 windows.
  void compare_numbers() {
    const double size = image_.place.pixel_size();
    if (size > 0 && network_.pixel_size > 0 &&
        std::abs(std::log(size / network_.pixel_size)) > std::log(1.25)) {
      tell(fmt::format("pixels of {:.4g} m, but the network was trained on pixels of {:.4g} m",
                       size, network_.pixel_size));
    }
    const auto bands = numbers_of_bands();
    if (bands.empty()) return;
    std::vector<std::string> outside;
    bool far = false;
    for (std::size_t b = 0; b < bands.size(); ++b) {
      far = far || std::abs(bands[b].away()) > 10;
      if (!bands[b].outside()) continue;
      outside.push_back(fmt::format("{} {:.4g} (trained on {:.4g} +- {:.4g})", network_.bands[b],
                                    bands[b].mean, bands[b].trained_mean,
                                    bands[b].trained_deviation));
    }
    const bool shifted = looks_shifted(bands);
    if (!far && !shifted && 2 * outside.size() < bands.size()) return;
    const std::size_t n_outside = outside.size();
    if (outside.size() > 3) outside.resize(3);
    tell(fmt::format(
        "its values lie outside of what the network was trained on{}{}: the map may be of "
        "little worth",
        n_outside > 0 ? fmt::format(" in {} of {} bands, mean of {}", n_outside, bands.size(),
                                    fmt::join(outside, ", "))
                      : "",
        likely_reason(bands)));
  }

  std::vector<BandNumbers> numbers_of_bands() const {
    constexpr std::int64_t n_a_side = 8;
    const std::size_t n_bands = network_.bands.size();
    std::vector<std::vector<float>> sample(n_bands);
    std::vector<float> values;
    std::vector<std::uint8_t> missing;
    const std::int64_t n_pixels = window_ * window_;
    const std::int64_t step = std::max<std::int64_t>(1, n_pixels / 1024);
    for (std::int64_t k = 0; k < n_a_side * n_a_side; ++k) {
      const Window window{(image_.width - window_) * (k % n_a_side) / (n_a_side - 1),
                          (image_.height - window_) * (k / n_a_side) / (n_a_side - 1), window_,
                          window_};
      read(window, values, missing);
      for (std::int64_t i = 0; i < n_pixels; i += step) {
        if (!has_data(values.data(), missing, i)) continue;
        for (std::size_t b = 0; b < n_bands; ++b) {
          sample[b].push_back(
              values[b * static_cast<std::size_t>(n_pixels) + static_cast<std::size_t>(i)]);
        }
      }
    }
    std::vector<BandNumbers> out;
    for (std::size_t b = 0; b < n_bands && !sample[0].empty(); ++b) {
      BandNumbers numbers;
      double sum = 0, squares = 0;
      for (const float value : sample[b]) sum += static_cast<double>(value);
      const auto n = static_cast<double>(sample[b].size());
      numbers.mean = sum / n;
      for (const float value : sample[b]) {
        squares += (static_cast<double>(value) - numbers.mean) *
                   (static_cast<double>(value) - numbers.mean);
      }
      numbers.deviation = std::sqrt(squares / n);
      const auto low = sample[b].begin() + static_cast<std::ptrdiff_t>(sample[b].size() / 100);
      std::nth_element(sample[b].begin(), low, sample[b].end());
      numbers.low = static_cast<double>(*low);
      numbers.trained_mean = static_cast<double>(network_.mean[b]);
      numbers.trained_deviation = static_cast<double>(network_.std_dev[b]);
      out.push_back(numbers);
    }
    return out;
  }

  void check_image() const {
    const auto fail = [&](const std::string& problem) {
      throw DataError(image_.path(), "", problem);
    };
    const bool converted = rescaled_ || request_.bands.values == PixelValues::physical;
    if (!converted && choice_.pixel_type != network_.pixel_type &&
        choice_.pixel_type != PixelType::float32) {
      fail(fmt::format(
          "pixels of {} (the network was trained on {}; values must be in the same unit)",
          name_of(choice_.pixel_type), name_of(network_.pixel_type)));
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

  /// Predicts one row of cells into strip_, a batch of windows at a time.
  void predict_row(const Span& row) {
    constexpr std::int64_t values_a_batch = std::int64_t{1} << 22;  // 16 MiB of float32
    const std::int64_t image_size = n_bands() * window_ * window_;
    const auto n = static_cast<std::int64_t>(columns_.size());
    const std::int64_t batch_size = std::clamp<std::int64_t>(values_a_batch / image_size, 1, 64);
    for (std::int64_t first = 0; first < n; first += batch_size) {
      const std::int64_t size = std::min(batch_size, n - first);
      images_.resize(static_cast<std::size_t>(size * image_size));
      missing_.resize(static_cast<std::size_t>(size));
      for (std::int64_t i = 0; i < size; ++i) {
        const Span& column = columns_[static_cast<std::size_t>(first + i)];
        read({column.window, row.window, window_, window_}, values_,
             missing_[static_cast<std::size_t>(i)]);
        std::copy(values_.begin(), values_.end(), images_.begin() + i * image_size);
      }
      const std::vector<std::uint8_t> classes = (*classifier_)(images_, size, window_, window_);
      for (std::int64_t i = 0; i < size; ++i) {
        const float* image = images_.data() + i * image_size;
        const auto& missing = missing_[static_cast<std::size_t>(i)];
        if (pixels_) {
          take_pixels(row, columns_[static_cast<std::size_t>(first + i)], image, missing,
                      classes.data() + i * window_ * window_);
        } else if (has_data(image, missing)) {
          strip_[static_cast<std::size_t>(first + i)] = classes[static_cast<std::size_t>(i)];
        }
      }
    }
  }

  void take_pixels(const Span& row, const Span& column, const float* image,
                   const std::vector<std::uint8_t>& missing, const std::uint8_t* classes) {
    for (std::int64_t y = 0; y < row.cell_size; ++y) {
      for (std::int64_t x = 0; x < column.cell_size; ++x) {
        const std::int64_t at =
            (row.cell - row.window + y) * window_ + column.cell - column.window + x;
        if (!has_data(image, missing, at)) continue;
        strip_[static_cast<std::size_t>(y * summary_.width + column.cell + x)] = classes[at];
      }
    }
  }

  std::int64_t n_bands() const { return static_cast<std::int64_t>(choice_.from.size()); }

  bool has_data(const float* image, const std::vector<std::uint8_t>& missing,
                std::int64_t pixel) const {
    bool all_zero = true, all_missing = !missing.empty();
    for (std::int64_t band = 0; band < n_bands(); ++band) {
      const std::int64_t at = band * window_ * window_ + pixel;
      if (!std::isfinite(image[at])) return false;
      all_zero = all_zero && image[at] == 0;
      all_missing = all_missing && missing[static_cast<std::size_t>(at)] != 0;
    }
    return !all_zero && !all_missing;
  }

  bool has_data(const float* image, const std::vector<std::uint8_t>& missing) const {
    for (std::int64_t pixel = 0; pixel < window_ * window_; ++pixel) {
      if (has_data(image, missing, pixel)) return true;
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
  const SceneRequest& request_;
  BandChoice choice_;                 ///< the scene's bands in the network's order
  std::vector<double> gain_, shift_;  ///< of each band, from the scene's numbers to the network's
  bool rescaled_ = false;
  std::vector<std::string> doubts_;
  bool pixels_;  ///< whether each pixel has a class of its own; else each cell has one
  std::int64_t window_ = 0, stride_ = 0;
  std::vector<Span> rows_, columns_;
  SceneSummary summary_;
  std::unique_ptr<Classifier> classifier_;
  std::vector<float> values_;                       ///< of one window
  std::vector<std::vector<std::uint8_t>> missing_;  ///< of each window of the batch
  std::vector<float> images_;                       ///< [batch, bands, window, window]
  std::vector<std::uint8_t> strip_;                 ///< [cell height, map width]
};

}  // namespace

SceneSummary predict_scene(const TrainedNetwork& network, const std::string& device,
                           const SceneRequest& request) {
  return ScenePrediction(network, device, request).write(request);
}

}  // namespace al_mpi
