#include <al_mpi/catalog/metrics.hpp>

#include <algorithm>
#include <utility>

namespace al_mpi {
namespace {

enum Flag { lower, wall_clock };

template <class... Flags>
MetricInfo metric(const char* name, const char* title, Flags... flags) {
  return {name, title, ((flags == lower) || ...), ((flags == wall_clock) || ...)};
}

bool covers(const MetricInfo& info, const std::string& name) {
  if (info.name.back() != '*') return info.name == name;
  return name.rfind(info.name.substr(0, info.name.size() - 1), 0) == 0;
}

/// Position of a name in the catalogue; the catalogue's size for an unknown name.
std::size_t place_of(const std::string& name) {
  const auto& catalog = metric_catalog();
  const auto found = std::find_if(catalog.begin(), catalog.end(),
                                  [&](const MetricInfo& info) { return covers(info, name); });
  return static_cast<std::size_t>(found - catalog.begin());
}

}  // namespace

const std::vector<MetricInfo>& metric_catalog() {
#define AL_METRIC(...) metric(__VA_ARGS__),
  static const std::vector<MetricInfo> catalog = {
#include "metrics.def"
  };
#undef AL_METRIC
  return catalog;
}

bool is_known_metric(const std::string& name) {
  return place_of(name) < metric_catalog().size();
}

MetricInfo metric_info(const std::string& name) {
  if (!is_known_metric(name)) return {name, name};
  MetricInfo info = metric_catalog()[place_of(name)];
  if (info.name != name) info.name = info.title = name;
  return info;
}

void sort_metrics(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return std::make_pair(place_of(a), a) < std::make_pair(place_of(b), b);
  });
}

}  // namespace al_mpi
