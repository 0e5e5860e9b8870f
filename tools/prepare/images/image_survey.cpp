#include "tools/prepare/images/image_survey.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include <fmt/ranges.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/text.hpp>
#include <al_mpi/data/pixel_types.hpp>

namespace al_mpi {
namespace {

/// Numbers since this baseline of Sentinel-2's processing are 1000 higher.
const std::string baseline_with_offset = "0400";

bool may_miss(const Raster& image, const BandChoice& choice, const ImageOptions& options) {
  return image.has_mask || choice.alpha >= 0 || options.no_data.has_value() ||
         std::any_of(image.bands.begin(), image.bands.end(),
                     [](const RasterBand& band) { return band.no_data.has_value(); }) ||
         std::any_of(image.palette.begin(), image.palette.end(),
                     [](const auto& color) { return color[3] == 0; });
}

/// "0.0001", or "0.0001 0.0002 ..." where bands differ.
std::string text_of(const std::vector<double>& values) {
  if (std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end()) {
    return values.empty() ? "" : fmt::format("{:g}", values[0]);
  }
  std::vector<std::string> texts;
  for (const double value : values) texts.push_back(fmt::format("{:g}", value));
  return fmt::format("{}", fmt::join(texts, " "));
}

template <class T>
void put(const std::vector<float>& values, Sample& sample) {
  auto* out = reinterpret_cast<T*>(sample.image.data());
  check(sample.image.size() == values.size() * sizeof(T), "size of an image");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if constexpr (std::is_integral_v<T>) {
      out[i] = static_cast<T>(std::lround(values[i]));
    } else {
      out[i] = values[i];
    }
  }
}

}  // namespace

void read_sample(const Raster& image, const ImageOptions& options, bool eurosat,
                 const Window& window, PixelType type, Sample& sample) {
  std::vector<float> values;
  read_image(image, choose_bands(image, options, eurosat), options, window, values, sample.missing);
  if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); })) {
    throw DataError(image.path(), "",
                    "a pixel is not finite, and the file declares no such value as missing "
                    "(--no-data-value nan does)");
  }
  with_pixel_type(type, [&](auto pixel) { put<decltype(pixel)>(values, sample); });
}

ImageSurvey::ImageSurvey(std::string place, const ImageOptions& options, bool one_size,
                         bool eurosat)
    : place_(std::move(place)), options_(options), one_size_(one_size), eurosat_(eurosat) {}

double ImageSurvey::look_at(const std::string& path) {
  try {
    const Raster image(path);
    Kind kind;
    kind.choice = choose_bands(image, options_, eurosat_);
    if (options_.values == PixelValues::physical) kind.choice.pixel_type = PixelType::float32;
    kind.height = image.height;
    kind.width = image.width;
    kind.stored_type = image.stored_type;
    kind.baseline = image.baseline;
    kind.pixel_size = image.place.pixel_size();
    double share = 0;
    const bool by_order = kind.choice.named_by == BandChoice::By::eurosat && n_summed_ < 32;
    const bool gaps = may_miss(image, kind.choice, options_);
    const auto n_values = static_cast<double>(image.height * image.width) *
                          static_cast<double>(kind.choice.from.size());
    if (gaps || by_order) {
      std::vector<float> values;
      std::vector<std::uint8_t> missing;
      double n_missing = 0;
      constexpr std::int64_t strip = 512;  // rows: a scene does not fit into memory
      for (std::int64_t y = 0; y < image.height; y += strip) {
        const Window window{0, y, image.width, std::min(strip, image.height - y)};
        read_image(image, kind.choice, options_, window, values, missing);
        n_missing += static_cast<double>(std::count(missing.begin(), missing.end(), 1));
        if (!by_order) continue;
        sums_.resize(kind.choice.from.size(), 0);
        const std::size_t n = values.size() / sums_.size();
        for (std::size_t i = 0; i < values.size(); ++i) sums_[i / n] += values[i];
      }
      share = n_missing / n_values;
      n_missing_ += n_missing;
      if (by_order) ++n_summed_;
    }
    n_values_ += n_values;
    const std::string key = key_of(kind);
    auto [found, is_new] = kinds_.emplace(key, kind);
    if (is_new) order_.push_back(key);
    found->second.files.push_back(path);
    return share;
  } catch (const DataError& error) {
    const std::string what = error.what(), prefix = path + ": ";
    const std::string reason = what.rfind(prefix, 0) == 0 ? what.substr(prefix.size()) : what;
    broken_[reason].push_back(short_name(path));
    ++n_broken_;
    return 1;
  }
}

std::string ImageSurvey::short_name(const std::string& path) const {
  const std::string name = std::filesystem::path(path).lexically_relative(place_).string();
  return name.empty() || name.rfind("..", 0) == 0 ? path : name;
}

/// Bands, type, size, scale: what has to be the same in every image.
std::vector<std::string> ImageSurvey::aspects_of(const Kind& kind) const {
  const BandChoice& choice = kind.choice;
  const bool nameless =
      choice.named_by == BandChoice::By::nobody || choice.named_by == BandChoice::By::eurosat;
  std::vector<std::string> aspects;
  aspects.push_back(
      nameless ? fmt::format("{} bands without names", choice.names.size())
               : fmt::format("{} bands {}", choice.names.size(), fmt::join(choice.names, " ")));
  aspects.push_back(options_.values == PixelValues::physical ? "" : kind.stored_type);
  aspects.push_back(one_size_ ? fmt::format("{} x {} pixels", kind.height, kind.width) : "");
  if (!options_.values && choice.has_scale()) {
    aspects.push_back(
        fmt::format("scale {}, offset {}", text_of(choice.scale), text_of(choice.offset)));
  } else if (options_.values == PixelValues::physical && !choice.has_scale() && !only_shifted_) {
    aspects.push_back("no scale or offset");
  } else {
    aspects.push_back("");
  }
  return aspects;
}

std::string ImageSurvey::key_of(const Kind& kind) const {
  return fmt::format("{}|{}|{}|{}x{}", fmt::join(aspects_of(kind), "|"),
                     kind.choice.has_scale() ? text_of(kind.choice.scale) : "", kind.baseline,
                     kind.height, kind.width);
}

void ImageSurvey::refuse(const Kind& usual, std::size_t n_files) const {
  const auto expected = aspects_of(usual);
  std::map<std::string, std::vector<std::string>> others;
  bool bands = false, scales = false, sizes = false;
  std::size_t n_others = 0;
  for (const auto& [key, kind] : kinds_) {
    const auto aspects = aspects_of(kind);
    std::vector<std::string> different;
    for (std::size_t i = 0; i < aspects.size(); ++i) {
      if (aspects[i] == expected[i]) continue;
      different.push_back(aspects[i].empty() ? "no scale or offset" : aspects[i]);
      bands = bands || i == 0;
      sizes = sizes || i == 2;
      scales = scales || i == 3;
    }
    if (different.empty()) continue;
    auto& files = others[fmt::format("{}", fmt::join(different, ", "))];
    for (const auto& file : kind.files) files.push_back(short_name(file));
    n_others += kind.files.size();
  }
  std::vector<std::string> texts, usual_texts;
  for (const auto& [what, files] : others)
    texts.push_back(fmt::format("{} ({})", what, first_three(files)));
  for (const auto& aspect : expected) {
    if (!aspect.empty()) usual_texts.push_back(aspect);
  }
  std::string hint;
  if (bands) hint += "; --bands NAME,... takes bands by their names, POSITION=NAME names them";
  if (scales) {
    hint +=
        options_.values == PixelValues::physical
            ? "; --values stored takes the numbers as they are"
            : "; --values physical brings them to one scale, --values stored takes the numbers as "
              "they are";
  }
  if (sizes) hint += "; images of one size are needed";
  throw DataError(
      place_, "",
      fmt::format("{} of the {} images are not like the other {} ({}): {}{}", n_others, n_files,
                  n_files - n_others, fmt::join(usual_texts, ", "), fmt::join(texts, "; "), hint));
}

/// B10 (cirrus) is dark wherever there are no clouds: 10th in EuroSAT's order, 11th in a product's.
void ImageSurvey::refuse_product_order() const {
  if (sums_.size() != 13) return;
  auto sorted = sums_;
  std::sort(sorted.begin(), sorted.end());
  if (sums_[10] != sorted[0] || !(sorted[0] < 0.3 * sorted[1])) return;
  throw DataError(
      place_, "",
      "13 bands without names, of which the 11th is by far the darkest, as cirrus is in the "
      "order of Sentinel-2's products (--bands B1,B2,B3,B4,B5,B6,B7,B8,B8A,B9,B10,B11,B12), "
      "not in EuroSAT's (--bands B1,B2,B3,B4,B5,B6,B7,B8,B9,B10,B11,B12,B8A): say which");
}

void ImageSurvey::decide(DatasetDescription& description) {
  std::size_t n_files = n_broken_;
  for (const auto& [key, kind] : kinds_) n_files += kind.files.size();
  if (n_broken_ > 0) {
    std::vector<std::string> texts;
    for (const auto& [reason, files] : broken_) {
      texts.push_back(fmt::format("{}: {}", first_three(files), reason));
    }
    throw DataError(place_, "",
                    fmt::format("{} of the {} images cannot be used: {}", n_broken_, n_files,
                                fmt::join(texts, "; ")));
  }
  // Where numbers become physical, files without tags fit those whose tags only shift.
  only_shifted_ = std::all_of(kinds_.begin(), kinds_.end(), [](const auto& item) {
    const auto& scale = item.second.choice.scale;
    return std::all_of(scale.begin(), scale.end(), [](double x) { return x == 1; });
  });
  // Kinds that differ in nothing that matters count together.
  std::map<std::string, std::size_t> sizes;
  const Kind* usual = nullptr;
  std::size_t most = 0;
  for (const auto& key : order_) {
    const Kind& kind = kinds_.at(key);
    sizes[fmt::format("{}", fmt::join(aspects_of(kind), "|"))] += kind.files.size();
  }
  for (const auto& key : order_) {
    const Kind& kind = kinds_.at(key);
    const std::size_t n = sizes.at(fmt::format("{}", fmt::join(aspects_of(kind), "|")));
    if (n > most) usual = &kind, most = n;
  }
  if (sizes.size() > 1) refuse(*usual, n_files);
  refuse_product_order();
  if (!options_.values) {
    std::vector<std::string> before, since;
    for (const auto& [key, kind] : kinds_) {
      if (kind.baseline.empty() || kind.choice.has_scale()) continue;
      auto& files = kind.baseline < baseline_with_offset ? before : since;
      for (const auto& file : kind.files) files.push_back(short_name(file));
    }
    if (!before.empty() && !since.empty()) {
      throw DataError(
          place_, "",
          fmt::format(
              "{} images are of Sentinel-2's processing baseline 04.00 or later, whose numbers "
              "are 1000 higher, and {} of an earlier one ({}), and no file has an offset tag "
              "(--values stored: the offset is taken off already)",
              since.size(), before.size(), first_three(before)));
    }
  }
  const BandChoice& choice = usual->choice;
  description.bands = choice.names;
  description.sensor = choice.sensor == nullptr ? "" : choice.sensor->name;
  description.pixel_type = choice.pixel_type;
  description.pixel_size = usual->pixel_size;
  if (choice.has_scale() && options_.values != PixelValues::physical) {
    description.scale = choice.scale;
    description.offset = choice.offset;
  }
  if (one_size_) {
    description.height = usual->height;
    description.width = usual->width;
  }
  note(*usual, n_missing_ > 0);
}

void ImageSurvey::note(const Kind& usual, bool any_missing) {
  const BandChoice& choice = usual.choice;
  switch (choice.named_by) {
    case BandChoice::By::eurosat:
      notes_.push_back(
          "the files do not name their 13 bands: taken in EuroSAT's order, B1 .. B12 B8A "
          "(--bands names them otherwise)");
      break;
    case BandChoice::By::nobody:
      notes_.push_back(
          fmt::format("the files do not name their bands: {} (--bands NAME,... names them)",
                      fmt::join(choice.names, ", ")));
      break;
    default:
      break;
  }
  if (!choice.also_fits.empty()) {
    notes_.push_back(fmt::format(
        "the bands {} are taken for {}'s; their names would also fit {} (--sensor)",
        fmt::join(choice.names, " "), choice.sensor->title, fmt::join(choice.also_fits, ", ")));
  }
  if (choice.has_scale()) {
    const std::string tags = fmt::format("the files' scale {} and offset {}", text_of(choice.scale),
                                         text_of(choice.offset));
    notes_.push_back(options_.values == PixelValues::physical
                         ? tags + " are applied: physical values as float32"
                         : tags +
                               " are kept beside the numbers, which stay as stored (--values "
                               "physical applies them)");
  }
  std::vector<std::string> codes;
  for (const std::string& name : choice.names) {
    const SensorBand* band = choice.sensor == nullptr ? nullptr : choice.sensor->find(name);
    const bool optical = choice.sensor != nullptr && choice.sensor->bands[0].wavelength > 0;
    if (optical && band != nullptr && band->wavelength == 0 && band->color.empty())
      codes.push_back(name);
  }
  if (!codes.empty()) {
    notes_.push_back(
        fmt::format("among the bands are codes or estimates, not light: {} (--bands leaves "
                    "them out)",
                    fmt::join(codes, ", ")));
  }
  if (choice.alpha >= 0) {
    notes_.push_back(
        fmt::format("band {} is transparency: it says which pixels are missing", choice.alpha + 1));
  }
  if (choice.pixel_type == PixelType::float32 && options_.values != PixelValues::physical &&
      usual.stored_type != "Float32") {
    notes_.push_back(fmt::format("numbers of {} are stored as float32", usual.stored_type));
  }
  if (any_missing) {
    notes_.push_back(
        fmt::format("{:.2f} % of the values are missing (no data, or masked): they count in "
                    "no statistics and hold the mean of their image's others",
                    100 * n_missing_ / n_values_));
  }
}

}  // namespace al_mpi
