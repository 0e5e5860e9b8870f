#include "tools/prepare/classes/given_split.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>

#include "tools/prepare/images/image_survey.hpp"
#include "tools/raster/raster.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/number.hpp>
#include <al_mpi/base/rng.hpp>
#include <al_mpi/base/text.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

/// "EuroSAT/Forest/Forest_1.jpg" -> {"Forest/Forest_1", "Forest_1"}.
struct Key {
  std::string with_folder, stem;

  explicit Key(std::string name) {
    std::replace(name.begin(), name.end(), '\\', '/');
    const fs::path path = name;
    stem = (is_image_name(name) ? path.stem() : path.filename()).string();
    const std::string folder = path.parent_path().filename().string();
    if (!folder.empty() && folder != ".") with_folder = folder + "/" + stem;
  }
};

std::vector<std::string> names_in(const std::string& file) {
  std::ifstream in(file);
  if (!in || fs::is_directory(file)) throw DataError(file, "", "not readable as a list of names");
  std::vector<std::string> names;
  for (std::string line; std::getline(in, line);) {
    const auto first = line.find_first_not_of(" \t\r\"");
    if (first == std::string::npos || line[first] == '#') continue;
    names.push_back(line.substr(first, line.find_last_not_of(" \t\r\",") - first + 1));
  }
  return names;
}

class Lists {
 public:
  explicit Lists(ClassFolders& folders) : folders_(folders) {
    folders_.splits.clear();
    for (std::size_t k = 0; k < folders_.images.size(); ++k) {
      folders_.splits.emplace_back(folders_.images[k].size());
      for (std::size_t i = 0; i < folders_.images[k].size(); ++i) {
        const Key key(folders_.images[k][i]);
        by_name_[key.stem].push_back({k, i});
        by_name_[key.with_folder].push_back({k, i});
      }
    }
  }

  void read(const std::string& file, const std::string& split) {
    std::size_t n_found = 0;
    const auto names = names_in(file);
    for (const auto& name : names) {
      const Image* image = find(file, name);
      if (image == nullptr) {
        missing_.push_back(name);
        continue;
      }
      ++n_found;
      std::string& of_image = folders_.splits[image->label][image->index];
      if (of_image == split) {
        repeated_.push_back(name);
      } else if (!of_image.empty()) {
        throw DataError(file, "",
                        fmt::format("{} is in the list of {}, too: an image belongs to one split",
                                    name, of_image));
      }
      of_image = split;
    }
    if (n_found == 0) {
      throw DataError(
          file, "",
          fmt::format("none of its {} names is an image of {} ({}; there are {}, ...)",
                      names.size(), folders_.root, first_three(names), folders_.images[0][0]));
    }
  }

  std::vector<std::string> finish() {
    std::size_t n_unlisted = 0;
    for (std::size_t k = 0; k < folders_.images.size(); ++k) {
      std::vector<std::string> images, splits;
      for (std::size_t i = 0; i < folders_.images[k].size(); ++i) {
        if (folders_.splits[k][i].empty()) {
          ++n_unlisted;
          continue;
        }
        images.push_back(folders_.images[k][i]);
        splits.push_back(folders_.splits[k][i]);
      }
      folders_.images[k] = images;
      folders_.splits[k] = splits;
    }
    std::vector<std::string> notes;
    if (!missing_.empty()) {
      notes.push_back(fmt::format("{} names of the lists are no images of {}: {}", missing_.size(),
                                  folders_.root, first_three(missing_)));
    }
    if (!repeated_.empty()) {
      notes.push_back(fmt::format("{} names are twice in their list and count once: {}",
                                  repeated_.size(), first_three(repeated_)));
    }
    if (n_unlisted > 0) {
      notes.push_back(fmt::format("{} images are in no list and are left out", n_unlisted));
    }
    return notes;
  }

 private:
  struct Image {
    std::size_t label = 0, index = 0;
  };

  const Image* find(const std::string& file, const std::string& name) const {
    const Key key(name);
    auto found = by_name_.find(key.with_folder);
    if (key.with_folder.empty() || found == by_name_.end()) found = by_name_.find(key.stem);
    if (found == by_name_.end()) return nullptr;
    if (found->second.size() > 1) {
      const Image &a = found->second[0], &b = found->second[1];
      throw DataError(
          file, "",
          fmt::format("'{}' may be {} or {}: write names with their folder", name,
                      folders_.images[a.label][a.index], folders_.images[b.label][b.index]));
    }
    return &found->second[0];
  }

  ClassFolders& folders_;
  std::map<std::string, std::vector<Image>> by_name_;
  std::vector<std::string> missing_, repeated_;
};

const std::string blocks = "blocks=";

double block_side(const std::string& split) {
  const std::string text = split.substr(blocks.size());
  double km = 0;
  if (!parse_number(text, km) || !(km > 0) || km > 5000) {
    throw ConfigError("--split", fmt::format("'{}': blocks=KM takes a side in km, as 20", split));
  }
  return km;
}

/// The square of each image, on a grid over the sinusoidal projection, which keeps areas.
std::vector<std::pair<std::int64_t, std::int64_t>> squares(const std::vector<Place>& places,
                                                           double side) {
  constexpr double km_a_degree = 111.195, radians = 3.14159265358979323846 / 180;
  std::vector<std::pair<std::int64_t, std::int64_t>> all;
  for (const Place& place : places) {
    const double x = place.longitude * std::cos(place.latitude * radians) * km_a_degree;
    const double y = place.latitude * km_a_degree;
    all.emplace_back(static_cast<std::int64_t>(std::floor(x / side)),
                     static_cast<std::int64_t>(std::floor(y / side)));
  }
  return all;
}

}  // namespace

std::vector<std::string> split_by_lists(ClassFolders& folders,
                                        const std::vector<std::string>& files) {
  Lists lists(folders);
  lists.read(files.front(), "train");
  if (files.size() > 2) lists.read(files[1], "validation");
  lists.read(files.back(), "test");
  return lists.finish();
}

bool splits_by_place(const std::string& split) {
  return split == "longitude" || split.rfind(blocks, 0) == 0;
}

std::vector<std::string> split_by_place(const std::vector<Place>& places,
                                        const SplitRequest& request) {
  const auto n = static_cast<std::int64_t>(places.size());
  const std::int64_t n_test = request.n_test < 0 ? n / 5 : request.n_test;
  if (n_test + request.n_validation >= n) {
    throw ConfigError("--test", fmt::format("{} test and validation images asked for, there are {}",
                                            n_test + request.n_validation, n));
  }
  std::vector<std::size_t> order(places.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<std::pair<std::int64_t, std::int64_t>> square(places.size());
  if (request.split == "longitude") {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return places[a].longitude > places[b].longitude;
    });
    for (std::size_t i = 0; i < order.size(); ++i) {
      square[order[i]] = {static_cast<std::int64_t>(i), 0};  // each image is a square of its own
    }
  } else {
    square = squares(places, block_side(request.split));
    std::vector<std::pair<std::int64_t, std::int64_t>> drawn = square;
    std::sort(drawn.begin(), drawn.end());
    drawn.erase(std::unique(drawn.begin(), drawn.end()), drawn.end());
    RngStream(request.seed, "split_blocks").shuffle(drawn);
    std::map<std::pair<std::int64_t, std::int64_t>, std::size_t> rank;
    for (std::size_t i = 0; i < drawn.size(); ++i) rank[drawn[i]] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return rank.at(square[a]) < rank.at(square[b]);
    });
  }
  std::vector<std::string> splits(places.size(), "train");
  std::size_t at = 0;
  for (const auto& [name, wanted] :
       {std::pair("test", n_test), std::pair("validation", request.n_validation)}) {
    for (std::int64_t taken = 0; at < order.size(); ++at, ++taken) {
      const bool goes_on = at > 0 && square[order[at]] == square[order[at - 1]] && taken > 0;
      if (taken >= wanted && !goes_on) break;
      splits[order[at]] = name;
    }
  }
  return splits;
}

}  // namespace al_mpi
