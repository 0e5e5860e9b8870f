#pragma once

#include <string>
#include <vector>

namespace al_mpi {

/// Facts about a strategy or an initial set that programs without LibTorch need.
struct StrategyInfo {
  std::string name;           ///< snake_case, the one name everywhere
  std::string alias;          ///< the published study's class name; empty where it has none
  double cost = 1.0;          ///< first guess of a trial's cost relative to random_sampling
  bool segmentation = false;  ///< works on pixels too
  bool oracle = false;        ///< sees labels that were not bought: a bound, marked so in figures
  bool ranks = false;         ///< by scores of each candidate alone, which query.cost can divide
  std::vector<std::string> needs;  ///< arrays and more, see strategies.def
};

/// An array that strategies ask for, as `al_trial pick` reads it.
struct ArrayInfo {
  std::string name, shape, meaning;
};

struct NetworkInfo {
  std::string name;
  bool segmentation = false;  ///< answers per pixel
  bool embeddings = false;    ///< takes rows of embeddings instead of images
};

const std::vector<StrategyInfo>& strategy_catalog();
const std::vector<StrategyInfo>& init_catalog();
const std::vector<NetworkInfo>& network_catalog();
const std::vector<ArrayInfo>& array_catalog();

/// Whether a strategy of this name (no alias) has `what` among its needs; false for unknown names.
bool strategy_needs(const std::string& name, const std::string& what);

/// Whether a strategy of this name ranks candidates by scores that query.cost can divide; false for
/// unknown names.
bool ranks_by_scores(const std::string& name);

/// The names of the strategies and initial sets that need an array, as a text.
std::string askers_of(const std::string& array);

/// Whether a strategy or an initial set of this name is an oracle; false for unknown names.
bool is_oracle(const std::string& name);

/// A strategy by its name or alias, compared without case and underscores. Throws ConfigError with
/// the nearest known name. `key` is the setting's path, for the message.
const StrategyInfo& strategy_info(const std::string& text,
                                  const std::string& key = "sweep.strategies");
const StrategyInfo& init_info(const std::string& text, const std::string& key = "sweep.inits");
const NetworkInfo& network_info(const std::string& text, const std::string& key = "model.name");

/// The name of the strategy that strategy_info() finds; `own` are names beside those of the
/// catalog.
std::string strategy_name(const std::string& text, const std::string& key = "sweep.strategies",
                          const std::vector<std::string>& own = {});
std::string init_name(const std::string& text, const std::string& key = "sweep.inits");
std::string network_name(const std::string& text, const std::string& key = "model.name");

}  // namespace al_mpi
