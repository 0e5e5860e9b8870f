#include <al_mpi/catalog/catalog.hpp>

#include <fmt/format.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>

namespace al_mpi {
namespace {

const std::string& alias_of(const StrategyInfo& info) {
  return info.alias.empty() ? info.name : info.alias;
}
const std::string& alias_of(const NetworkInfo& info) { return info.name; }

template <class Info>
std::string known_name(const std::vector<Info>& catalog, const std::string& text,
                       const std::string& key, const char* what) {
  const std::string wanted = normalized_name(text);
  std::vector<std::string> names;
  for (const Info& info : catalog) {
    if (wanted == normalized_name(info.name) || wanted == normalized_name(alias_of(info))) {
      return info.name;
    }
    names.push_back(info.name);
  }
  throw ConfigError(key, fmt::format("unknown {} '{}'{}", what, text, did_you_mean(text, names)));
}

}  // namespace

#define AL_STRATEGY(name, ...) {#name, __VA_ARGS__},
#define AL_INIT(name, ...)
const std::vector<StrategyInfo>& strategy_catalog() {
  static const std::vector<StrategyInfo> catalog = {
#include <al_mpi/catalog/strategies.def>
  };
  return catalog;
}
#undef AL_STRATEGY
#undef AL_INIT

#define AL_STRATEGY(name, ...)
#define AL_INIT(name, alias, cost, segmentation, oracle) {#name, alias, cost, segmentation, oracle},
const std::vector<StrategyInfo>& init_catalog() {
  static const std::vector<StrategyInfo> catalog = {
#include <al_mpi/catalog/strategies.def>
  };
  return catalog;
}

#define AL_NETWORK(name, segmentation, embeddings) {#name, segmentation, embeddings},
const std::vector<NetworkInfo>& network_catalog() {
  static const std::vector<NetworkInfo> catalog = {
#include <al_mpi/catalog/networks.def>
  };
  return catalog;
}

bool is_oracle(const std::string& name) {
  for (const auto* catalog : {&strategy_catalog(), &init_catalog()}) {
    for (const StrategyInfo& info : *catalog) {
      if (info.name == name) return info.oracle;
    }
  }
  return false;
}

std::string strategy_name(const std::string& text, const std::string& key) {
  return known_name(strategy_catalog(), text, key, "strategy");
}

std::string init_name(const std::string& text, const std::string& key) {
  return known_name(init_catalog(), text, key, "initial set");
}

std::string network_name(const std::string& text, const std::string& key) {
  return known_name(network_catalog(), text, key, "network");
}

}  // namespace al_mpi
