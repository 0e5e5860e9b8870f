#include <al_mpi/data/dataset_facts.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include <fmt/ranges.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/data/label_pool.hpp>
#include <al_mpi/data/pixel_types.hpp>

namespace al_mpi {
namespace {

template <class T>
void look_at(const T* image, const Split& split, SplitFacts& facts, std::int64_t& n_zero) {
  const std::int64_t pixels = split.height * split.width;
  std::vector<std::uint8_t> zero(static_cast<std::size_t>(pixels), 1);
  for (std::int64_t c = 0; c < split.channels; ++c, image += pixels) {
    T lowest = image[0], highest = image[0];
    for (std::int64_t i = 0; i < pixels; ++i) {
      lowest = std::min(lowest, image[i]);
      highest = std::max(highest, image[i]);
      zero[static_cast<std::size_t>(i)] &= image[i] == T(0);
    }
    const auto band = static_cast<std::size_t>(c);
    facts.lowest[band] = std::min(facts.lowest[band], static_cast<double>(lowest));
    facts.highest[band] = std::max(facts.highest[band], static_cast<double>(highest));
  }
  n_zero += std::count(zero.begin(), zero.end(), 1);
}

void look_at(const Split& split, std::int64_t i, SplitFacts& facts, std::int64_t& n_zero) {
  const void* image = split.image(i);
  with_pixel_type(split.pixel_type, [&](auto pixel) {
    look_at(static_cast<const decltype(pixel)*>(image), split, facts, n_zero);
  });
}

SplitFacts facts_of(const Split& split, std::int64_t n_classes,
                    std::vector<std::uint64_t>& hashes) {
  SplitFacts facts;
  const auto channels = static_cast<std::size_t>(split.channels);
  facts.lowest.assign(channels, 1e300);
  facts.highest.assign(channels, -1e300);
  facts.class_counts = class_counts(split, n_classes);
  const auto bytes = static_cast<std::size_t>(split.channels * split.height * split.width) *
                     bytes_of(split.pixel_type);
  std::int64_t n_zero = 0;
  for (std::int64_t i = 0; i < split.n; ++i) {
    look_at(split, i, facts, n_zero);
    hashes.push_back(stable_hash(split.image(i), bytes));
  }
  facts.zero_share =
      static_cast<double>(n_zero) / static_cast<double>(split.n * split.height * split.width);
  return facts;
}

/// Classes that are learnt: all but an ignored one, which need not be among them.
std::int64_t n_learnt(const Dataset& dataset) {
  const std::int64_t ignored = dataset.ignore_label;
  return dataset.n_classes() - (ignored >= 0 && ignored < dataset.n_classes() ? 1 : 0);
}

const char* have(std::size_t n) {
  return n == 1 ? "has" : "have";
}

std::string name_of(const Split& split, const std::string& name, std::int64_t i) {
  return split.names.empty() ? fmt::format("{} {}", name, i)
                             : split.names[static_cast<std::size_t>(i)];
}

/// Points on the unit sphere.
std::vector<std::array<double, 3>> points(const std::vector<Place>& places) {
  constexpr double radians = 3.14159265358979323846 / 180;
  std::vector<std::array<double, 3>> all;
  for (const Place& place : places) {
    const double longitude = place.longitude * radians, latitude = place.latitude * radians;
    all.push_back({std::cos(latitude) * std::cos(longitude),
                   std::cos(latitude) * std::sin(longitude), std::sin(latitude)});
  }
  return all;
}

Distances distances(const std::vector<Place>& from, const std::vector<Place>& pool) {
  constexpr double earth = 6371.0088;  // mean radius [km]
  const auto all = points(pool);
  std::vector<double> nearest;
  for (const auto& a : points(from)) {
    double least = 4;  // the square of the straight way through the sphere
    for (const auto& b : all) {
      const double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
      least = std::min(least, x * x + y * y + z * z);
    }
    nearest.push_back(2 * earth * std::asin(std::sqrt(least) / 2));
  }
  std::sort(nearest.begin(), nearest.end());
  return {nearest.front(), nearest[nearest.size() / 2],
          std::lower_bound(nearest.begin(), nearest.end(), 1.0) - nearest.begin()};
}

}  // namespace

std::vector<std::int64_t> class_counts(const Split& split, std::int64_t n_classes) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(n_classes), 0);
  for (const std::int64_t label : split.labels) {
    if (label >= 0) ++counts[static_cast<std::size_t>(label)];
  }
  if (split.label_maps == nullptr) return counts;
  for (std::int64_t i = 0; i < split.n * split.height * split.width; ++i) {
    if (split.label_maps[i] < n_classes) ++counts[split.label_maps[i]];
  }
  return counts;
}

std::string absent_from_test(const Dataset& dataset, const std::vector<std::int64_t>& in_test) {
  std::vector<std::string> absent;
  for (std::int64_t k = 0; k < dataset.n_classes(); ++k) {
    const auto at = static_cast<std::size_t>(k);
    if (k != dataset.ignore_label && in_test[at] == 0) absent.push_back(dataset.classes[at]);
  }
  if (absent.empty()) return "";
  return fmt::format(
      "{} of the {} classes {} nothing in the test set: {} (means over classes leave them out)",
      absent.size(), n_learnt(dataset), have(absent.size()), fmt::join(absent, ", "));
}

DatasetFacts facts_of(const Dataset& dataset) {
  DatasetFacts facts;
  std::map<std::string, std::vector<std::uint64_t>> hashes;
  for (const auto& [name, split] : dataset.splits) {
    facts.splits[name] = facts_of(split, dataset.n_classes(), hashes[name]);
  }
  std::unordered_map<std::uint64_t, std::int64_t> pool;
  const auto& of_pool = hashes.at("train");
  for (std::size_t i = 0; i < of_pool.size(); ++i) {
    if (!pool.emplace(of_pool[i], static_cast<std::int64_t>(i)).second) ++facts.equal_in_pool;
  }
  for (const auto& [name, split] : dataset.splits) {
    if (name == "train") continue;
    if (!split.places.empty() && !dataset.train().places.empty()) {
      facts.to_pool[name] = distances(split.places, dataset.train().places);
    }
    const auto& of_split = hashes.at(name);
    for (std::size_t i = 0; i < of_split.size(); ++i) {
      const auto found = pool.find(of_split[i]);
      if (found == pool.end()) continue;
      ++facts.equal_to_pool[name];
      if (facts.equal_names.size() < 3) {
        facts.equal_names.push_back(fmt::format("{} = {}",
                                                name_of(split, name, static_cast<std::int64_t>(i)),
                                                name_of(dataset.train(), "train", found->second)));
      }
    }
  }
  return facts;
}

std::vector<std::string> leak_report(const Dataset& dataset, const DatasetFacts& facts) {
  std::vector<std::string> lines;
  for (const auto& [name, split] : dataset.splits) {
    if (name == "train") continue;
    const auto equal = facts.equal_to_pool.find(name);
    const auto distance = facts.to_pool.find(name);
    lines.push_back(fmt::format(
        "/{} beside the pool: {} of {} images equal, pixel by pixel; {}", name,
        equal == facts.equal_to_pool.end() ? 0 : equal->second, split.n,
        distance == facts.to_pool.end()
            ? "where they lie is not known"
            : fmt::format("the nearest one of the pool is at least {:.2f} km away (median {:.2f} "
                          "km; {} lie within 1 km)",
                          distance->second.least, distance->second.median,
                          distance->second.n_within_1_km)));
  }
  return lines;
}

std::vector<std::string> cautions(const Dataset& dataset, const DatasetFacts& facts) {
  std::vector<std::string> all;
  for (const auto& [name, n] : facts.equal_to_pool) {
    all.push_back(
        fmt::format("{} of the {} images in /{} are in the pool, too, pixel by pixel ({}): what is "
                    "measured there "
                    "is partly memory",
                    n, dataset.splits.at(name).n, name, fmt::join(facts.equal_names, ", ")));
  }
  if (facts.equal_in_pool > 0) {
    all.push_back(fmt::format("{} images of the pool are the same as another one of it",
                              facts.equal_in_pool));
  }
  const SplitFacts& pool = facts.splits.at("train");
  std::vector<std::string> absent;
  for (std::int64_t k = 0; k < dataset.n_classes(); ++k) {
    const auto at = static_cast<std::size_t>(k);
    if (k == dataset.ignore_label || pool.class_counts[at] > 0 || is_label_pool(dataset)) continue;
    const std::int64_t in_test = facts.splits.at("test").class_counts[at];
    absent.push_back(fmt::format("{} ({} in the test set)", dataset.classes[at], in_test));
  }
  if (!absent.empty()) {
    all.push_back(fmt::format("{} of the {} classes {} nothing in the pool: {}", absent.size(),
                              n_learnt(dataset), have(absent.size()), fmt::join(absent, ", ")));
  }
  if (!is_label_pool(dataset)) {
    const std::string untested = absent_from_test(dataset, facts.splits.at("test").class_counts);
    if (!untested.empty()) all.push_back(untested);
  }
  if (pool.zero_share >= 0.01) {
    all.push_back(fmt::format(
        "{:.1f} % of the pool's pixels are 0 in every band, as outside of a satellite's swath "
        "(--no-data-value 0 at import leaves them out of the statistics)",
        100 * pool.zero_share));
  }
  std::vector<std::string> constant;
  for (std::size_t b = 0; b < dataset.bands.size(); ++b) {
    if (pool.lowest[b] == pool.highest[b]) constant.push_back(dataset.bands[b]);
  }
  if (!constant.empty()) {
    all.push_back(fmt::format("one and the same value everywhere in the pool: {}",
                              fmt::join(constant, ", ")));
  }
  return all;
}

void refuse_unlearnable(const std::string& file, const std::vector<std::string>& classes,
                        const std::vector<std::int64_t>& in_pool,
                        const std::vector<std::int64_t>& in_test) {
  std::vector<std::string> absent;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    if (in_pool[k] == 0 && in_test[k] > 0) {
      absent.push_back(fmt::format("{} ({} in the test set)", classes[k], in_test[k]));
    }
  }
  if (absent.empty()) return;
  throw DataError(
      file, "",
      fmt::format("the pool has nothing of {}, which the test set asks for: no strategy "
                  "can find it (another --seed or --test, or --allow-missing-classes)",
                  fmt::join(absent, ", ")));
}

}  // namespace al_mpi
