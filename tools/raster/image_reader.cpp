#include "tools/raster/image_reader.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/number.hpp>

namespace al_mpi {
namespace {

const std::vector<std::string> eurosat_order = {"B1", "B2", "B3",  "B4",  "B5",  "B6", "B7",
                                                "B8", "B9", "B10", "B11", "B12", "B8A"};

[[noreturn]] void fail(const Raster& image, const std::string& problem) {
  throw DataError(image.path(), "", problem);
}

/// One item of --bands.
struct WantedBand {
  std::int64_t position = -1;  ///< counted from 0; -1 = by name
  std::string name;            ///< empty = as the file names it
};

WantedBand parse(const std::string& item) {
  WantedBand wanted;
  const std::size_t equals = item.find('=');
  const std::string head = item.substr(0, equals);
  std::int64_t position = 0;
  const bool number = parse_number(head, position);
  if (number && position >= 1) {
    wanted.position = position - 1;
    if (equals != std::string::npos) wanted.name = item.substr(equals + 1);
  } else if (!number && equals == std::string::npos) {
    wanted.name = item;
  }
  if (wanted.name.empty() && (wanted.position < 0 || equals != std::string::npos)) {
    throw ConfigError("--bands",
                      fmt::format("'{}' is neither a name, nor POSITION, nor POSITION=NAME", item));
  }
  return wanted;
}

/// Whether a band that is marked as transparency holds no values but "shown" and "not shown". A
/// band with other values is a picture that was marked wrongly.
bool is_transparency(const Raster& image, std::int64_t band) {
  std::vector<float> values(static_cast<std::size_t>(image.height * image.width));
  image.read_band(band, {0, 0, image.width, image.height}, PixelType::float32, values.data());
  return std::set<float>(values.begin(), values.end()).size() <= 2;
}

class Choosing {
 public:
  Choosing(const Raster& image, const ImageOptions& options, bool eurosat)
      : image_(image), options_(options), eurosat_(eurosat) {}

  BandChoice run() {
    choice_.pixel_type = image_.pixel_type;
    if (!image_.palette.empty()) {
      choice_.pixel_type = PixelType::uint8;
      names_ = {"red", "green", "blue"};
      positions_ = {0, 1, 2};
      choice_.named_by = BandChoice::By::colors;
    } else {
      find_alpha();
      find_names();
    }
    recognize();
    take_wanted();
    for (const std::int64_t band : choice_.from) {
      const RasterBand& facts =
          image_.bands[image_.palette.empty() ? static_cast<std::size_t>(band) : 0];
      choice_.scale.push_back(facts.scale);
      choice_.offset.push_back(facts.offset);
    }
    return choice_;
  }

 private:
  void find_alpha() {
    const auto n_wanted = static_cast<std::int64_t>(options_.bands.size());
    for (std::int64_t band = 0; band < image_.channels; ++band) {
      const RasterBand& facts = image_.bands[static_cast<std::size_t>(band)];
      if (facts.color != "alpha" || !facts.name.empty()) continue;
      if (n_wanted == image_.channels) continue;  // the user counts it among the bands
      if (n_wanted == 0 && !is_transparency(image_, band)) {
        fail(
            image_,
            fmt::format("band {0} is marked as transparency, but holds a picture, as near infrared "
                        "would (--bands with {1} names keeps it, e.g. red,green,blue,nir; with {2} "
                        "it is left out)",
                        band + 1, image_.channels, image_.channels - 1));
      }
      choice_.alpha = band;
    }
  }

  void find_names() {
    bool any = false, any_color = false;
    for (std::int64_t band = 0; band < image_.channels; ++band) {
      if (band == choice_.alpha) continue;
      const RasterBand& facts = image_.bands[static_cast<std::size_t>(band)];
      any = any || !facts.name.empty();
      any_color = any_color || facts.color == "red";
      positions_.push_back(band);
      const bool colored = !facts.color.empty() && facts.color != "alpha";
      names_.push_back(!facts.name.empty() ? facts.name
                       : colored           ? facts.color
                                           : fmt::format("band {}", band + 1));
    }
    choice_.named_by = any         ? BandChoice::By::file
                       : any_color ? BandChoice::By::colors
                                   : BandChoice::By::nobody;
    if (choice_.named_by == BandChoice::By::nobody && eurosat_ && options_.bands.empty() &&
        names_.size() == eurosat_order.size()) {
      names_ = eurosat_order;
      choice_.named_by = BandChoice::By::eurosat;
    }
  }

  void recognize() {
    const Sensor* given = nullptr;
    if (!options_.sensor.empty()) {
      given = find_sensor(options_.sensor);
      if (given == nullptr)
        throw ConfigError("--sensor", fmt::format("unknown sensor '{}'", options_.sensor));
    }
    const RecognizedBands known =
        given != nullptr ? recognize_bands(names_, *given) : recognize_bands(names_);
    names_ = known.names;
    choice_.sensor = known.sensor;
    choice_.also_fits = known.also_fits;
  }

  void take_wanted() {
    if (options_.bands.empty()) {
      choice_.names = names_;
      choice_.from = positions_;
      return;
    }
    std::vector<WantedBand> wanted;
    for (const auto& item : options_.bands) wanted.push_back(parse(item));
    const bool by_name = std::all_of(wanted.begin(), wanted.end(),
                                     [](const WantedBand& band) { return band.position < 0; });
    const bool nameless = choice_.named_by == BandChoice::By::nobody;
    if (by_name &&
        (nameless || (choice_.named_by == BandChoice::By::colors && !all_there(wanted)))) {
      name_all(wanted);
    } else {
      for (const WantedBand& band : wanted) take(band);
    }
    // Names that a user gives may be those of another sensor.
    const RecognizedBands known = options_.sensor.empty()
                                      ? recognize_bands(choice_.names)
                                      : recognize_bands(choice_.names, *choice_.sensor);
    if (choice_.named_by == BandChoice::By::user) {
      choice_.names = known.names;
      choice_.sensor = known.sensor;
      choice_.also_fits = known.also_fits;
    }
  }

  std::size_t place_of(const std::string& name) const {
    const Sensor* theirs = choice_.sensor;
    std::size_t i = 0;
    while (i < names_.size() && !same_band(name, nullptr, names_[i], theirs)) ++i;
    return i;
  }

  bool all_there(const std::vector<WantedBand>& wanted) const {
    return std::all_of(wanted.begin(), wanted.end(),
                       [&](const WantedBand& band) { return place_of(band.name) < names_.size(); });
  }

  void name_all(const std::vector<WantedBand>& wanted) {
    if (wanted.size() != positions_.size()) {
      fail(image_,
           fmt::format(
               "{} bands without names, but --bands has {} (POSITION=NAME takes some of them)",
               positions_.size(), wanted.size()));
    }
    choice_.from = positions_;
    for (const WantedBand& band : wanted) choice_.names.push_back(band.name);
    choice_.named_by = BandChoice::By::user;
  }

  void take(const WantedBand& band) {
    if (band.position >= 0) {
      const bool palette = !image_.palette.empty();
      if (band.position >= (palette ? 3 : image_.channels)) {
        fail(image_, fmt::format("{} bands, but --bands asks for number {}", image_.channels,
                                 band.position + 1));
      }
      choice_.from.push_back(band.position);
      const auto at =
          std::find(positions_.begin(), positions_.end(), band.position) - positions_.begin();
      const auto i = static_cast<std::size_t>(at);
      choice_.names.push_back(!band.name.empty()  ? band.name
                              : i < names_.size() ? names_[i]
                                                  : fmt::format("band {}", band.position + 1));
      if (!band.name.empty()) choice_.named_by = BandChoice::By::user;
      return;
    }
    const std::size_t i = place_of(band.name);
    if (i == names_.size()) {
      fail(image_, fmt::format("no band {} (it has {}; --bands POSITION=NAME names them otherwise)",
                               band.name, fmt::join(names_, " ")));
    }
    choice_.from.push_back(positions_[i]);
    choice_.names.push_back(names_[i]);
  }

  const Raster& image_;
  const ImageOptions& options_;
  bool eurosat_;
  BandChoice choice_;
  std::vector<std::string> names_;       // of the bands that are no transparency
  std::vector<std::int64_t> positions_;  // of each in the file
};

bool is_marked(float value, const std::optional<double>& mark) {
  if (!mark) return false;
  return std::isnan(*mark) ? std::isnan(value) : value == static_cast<float>(*mark);
}

/// Replaces one band's missing values by the mean of the others. Returns how many were missing.
std::int64_t fill(float* values, const std::uint8_t* missing, std::size_t n) {
  double sum = 0;
  std::int64_t n_missing = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (missing[i] != 0) {
      ++n_missing;
    } else {
      sum += static_cast<double>(values[i]);
    }
  }
  if (n_missing == 0) return 0;
  const auto n_there = static_cast<std::int64_t>(n) - n_missing;
  const float mean = n_there == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(n_there));
  for (std::size_t i = 0; i < n; ++i) {
    if (missing[i] != 0) values[i] = mean;
  }
  return n_missing;
}

/// Reads indices into a palette, as red, green and blue.
void read_palette(const Raster& image, const Window& window, std::vector<float>& all,
                  std::vector<std::uint8_t>& hidden) {
  const auto n = static_cast<std::size_t>(window.height * window.width);
  std::vector<std::uint8_t> indices(n);
  image.read_band(0, window, PixelType::uint8, indices.data());
  all.resize(3 * n);
  for (std::size_t i = 0; i < n; ++i) {
    if (indices[i] >= image.palette.size())
      fail(image, fmt::format("number {} is not in its colour table", indices[i]));
    const auto& color = image.palette[indices[i]];
    for (std::size_t c = 0; c < 3; ++c) all[c * n + i] = color[c];
    if (color[3] == 0 || is_marked(indices[i], image.bands[0].no_data)) hidden[i] = 1;
  }
}

}  // namespace

bool BandChoice::has_scale() const {
  return std::any_of(scale.begin(), scale.end(), [](double x) { return x != 1; }) ||
         std::any_of(offset.begin(), offset.end(), [](double x) { return x != 0; });
}

BandChoice choose_bands(const Raster& image, const ImageOptions& options, bool eurosat) {
  return Choosing(image, options, eurosat).run();
}

BandChoice match_bands(const Raster& image, const BandChoice& all,
                       const std::vector<std::string>& wanted, const Sensor* sensor) {
  BandChoice matched = all;
  matched.names.clear();
  matched.from.clear();
  matched.scale.clear();
  matched.offset.clear();
  std::vector<std::string> absent;
  for (const std::string& name : wanted) {
    std::size_t i = 0;
    while (i < all.names.size() && !same_band(name, sensor, all.names[i], all.sensor)) ++i;
    if (i == all.names.size()) {
      absent.push_back(name);
      continue;
    }
    matched.names.push_back(all.names[i]);
    matched.from.push_back(all.from[i]);
    matched.scale.push_back(all.scale[i]);
    matched.offset.push_back(all.offset[i]);
  }
  if (!absent.empty()) {
    fail(image,
         fmt::format("no band {} (it has {}; the network was trained on {}: {}; --bands names or "
                     "reorders the image's)",
                     fmt::join(absent, ", "), fmt::join(all.names, " "), wanted.size(),
                     fmt::join(wanted, " ")));
  }
  return matched;
}

void read_image(const Raster& image, const BandChoice& choice, const ImageOptions& options,
                const Window& window, std::vector<float>& values,
                std::vector<std::uint8_t>& missing) {
  const auto n = static_cast<std::size_t>(window.height * window.width);
  const bool palette = !image.palette.empty();
  std::vector<float> all;
  std::vector<std::uint8_t> hidden(n, 0);
  if (palette) {
    read_palette(image, window, all, hidden);
  } else {
    all.resize(static_cast<std::size_t>(image.channels) * n);
    image.read_float(window, all.data());
  }
  if (image.has_mask) {
    std::vector<std::uint8_t> mask(n);
    image.read_mask(window, mask.data());
    for (std::size_t i = 0; i < n; ++i) hidden[i] = hidden[i] != 0 || mask[i] == 0;
  }
  if (choice.alpha >= 0) {
    const float* alpha = all.data() + static_cast<std::size_t>(choice.alpha) * n;
    for (std::size_t i = 0; i < n; ++i) hidden[i] = hidden[i] != 0 || alpha[i] == 0;
  }
  values.resize(choice.from.size() * n);
  missing.assign(values.size(), 0);
  std::int64_t n_missing = 0;
  for (std::size_t b = 0; b < choice.from.size(); ++b) {
    const auto band = static_cast<std::size_t>(choice.from[b]);
    const std::optional<double> mark = palette ? std::nullopt : image.bands[band].no_data;
    const float* from = all.data() + band * n;
    float* to = values.data() + b * n;
    std::uint8_t* gone = missing.data() + b * n;
    for (std::size_t i = 0; i < n; ++i) {
      to[i] = from[i];
      gone[i] = hidden[i] != 0 || is_marked(from[i], mark) || is_marked(from[i], options.no_data);
    }
    if (options.values == PixelValues::physical) {
      for (std::size_t i = 0; i < n; ++i) {
        to[i] =
            static_cast<float>(choice.scale[b] * static_cast<double>(from[i]) + choice.offset[b]);
      }
    }
    n_missing += fill(to, gone, n);
  }
  if (n_missing == 0) missing.clear();
}

}  // namespace al_mpi
