#include <al_mpi/catalog/catalog.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>

namespace al_mpi {
namespace {

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// --- The facts that a line of strategies.def or networks.def gives after the name ---

using StrategyFact = std::function<void(StrategyInfo&)>;

StrategyFact alias(const char* name) {
  return [=](StrategyInfo& info) { info.alias = name; };
}
StrategyFact cost(double relative) {
  return [=](StrategyInfo& info) { info.cost = relative; };
}
StrategyFact needs(const char* arrays) {
  return [=](StrategyInfo& info) { info.needs = words(arrays); };
}
const auto pixels = [](auto& info) { info.segmentation = true; };
const auto ranks = [](StrategyInfo& info) { info.ranks = true; };
const auto oracle = [](StrategyInfo& info) { info.oracle = true; };
const auto images = [](NetworkInfo&) {};  // the default of NetworkInfo
const auto embeddings = [](NetworkInfo& info) { info.embeddings = true; };

template <class Info>
Info with_facts(const char* name, const std::vector<std::function<void(Info&)>>& facts) {
  Info info;
  info.name = name;
  for (const auto& fact : facts) fact(info);
  return info;
}

const std::string& alias_of(const StrategyInfo& info) {
  return info.alias.empty() ? info.name : info.alias;
}
const std::string& alias_of(const NetworkInfo& info) {
  return info.name;
}

template <class Info>
const Info& known(const std::vector<Info>& catalog, const std::string& text, const std::string& key,
                  const char* what, const std::vector<std::string>& own = {}) {
  const std::string wanted = normalized_name(text);
  std::vector<std::string> names = own;
  for (const Info& info : catalog) {
    if (wanted == normalized_name(info.name) || wanted == normalized_name(alias_of(info))) {
      return info;
    }
    names.push_back(info.name);
  }
  throw ConfigError(key, fmt::format("unknown {} '{}'{}", what, text, did_you_mean(text, names)));
}

}  // namespace

#define AL_STRATEGY(name, ...) with_facts<StrategyInfo>(#name, {__VA_ARGS__}),
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
#define AL_INIT(name, ...) with_facts<StrategyInfo>(#name, {__VA_ARGS__}),
const std::vector<StrategyInfo>& init_catalog() {
  static const std::vector<StrategyInfo> catalog = {
#include <al_mpi/catalog/strategies.def>
  };
  return catalog;
}

#define AL_NETWORK(name, ...) with_facts<NetworkInfo>(#name, {__VA_ARGS__}),
const std::vector<NetworkInfo>& network_catalog() {
  static const std::vector<NetworkInfo> catalog = {
#include <al_mpi/catalog/networks.def>
  };
  return catalog;
}

#define AL_ARRAY(name, shape, meaning) {#name, shape, meaning},
const std::vector<ArrayInfo>& array_catalog() {
  static const std::vector<ArrayInfo> catalog = {
#include "arrays.def"
  };
  return catalog;
}

bool strategy_needs(const std::string& name, const std::string& what) {
  const auto& catalog = strategy_catalog();
  return std::any_of(catalog.begin(), catalog.end(), [&](const StrategyInfo& info) {
    return info.name == name && has(info.needs, what);
  });
}

bool ranks_by_scores(const std::string& name) {
  const auto& catalog = strategy_catalog();
  return std::any_of(catalog.begin(), catalog.end(),
                     [&](const StrategyInfo& info) { return info.name == name && info.ranks; });
}

std::string askers_of(const std::string& array) {
  if (array == "labeled") return "all but initial sets";
  if (array == "candidate") return "all";
  if (array == "costs") return "with query.cost=score_per_cost those that rank by scores";
  std::vector<std::string> askers, diverse, initial;
  for (const StrategyInfo& info : strategy_catalog()) {
    if (has(info.needs, array)) askers.push_back(info.name);
    if (has(info.needs, "diversity")) diverse.push_back(info.name);
  }
  if (array == "embeddings") askers.insert(askers.end(), diverse.begin(), diverse.end());
  if (array == "features") {
    askers.push_back("with query.features=penultimate those that need embeddings");
  }
  for (const StrategyInfo& info : init_catalog()) {
    if (has(info.needs, array)) initial.push_back(info.name);
  }
  if (!initial.empty()) askers.push_back(fmt::format("initial sets {}", fmt::join(initial, ", ")));
  return fmt::format("{}", fmt::join(askers, ", "));
}

bool is_oracle(const std::string& name) {
  for (const auto* catalog : {&strategy_catalog(), &init_catalog()}) {
    for (const StrategyInfo& info : *catalog) {
      if (info.name == name) return info.oracle;
    }
  }
  return false;
}

const StrategyInfo& strategy_info(const std::string& text, const std::string& key) {
  return known(strategy_catalog(), text, key, "strategy");
}

const StrategyInfo& init_info(const std::string& text, const std::string& key) {
  return known(init_catalog(), text, key, "initial set");
}

const NetworkInfo& network_info(const std::string& text, const std::string& key) {
  return known(network_catalog(), text, key, "network");
}

std::string strategy_name(const std::string& text, const std::string& key,
                          const std::vector<std::string>& own) {
  for (const std::string& name : own) {
    if (normalized_name(name) == normalized_name(text)) return name;
  }
  return known(strategy_catalog(), text, key, "strategy", own).name;
}

std::string init_name(const std::string& text, const std::string& key) {
  return init_info(text, key).name;
}

std::string network_name(const std::string& text, const std::string& key) {
  return network_info(text, key).name;
}

}  // namespace al_mpi
