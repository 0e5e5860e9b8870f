#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "own_code.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/config/sweep_config.hpp>
#include <al_mpi/data/regions.hpp>

namespace al_mpi {
namespace {

/// `n_images` in the pool, each of so many regions to buy.
void check_budget(const SweepConfig& config, std::int64_t n_images, std::int64_t regions = 1) {
  check_budget(config.loop, config.training.validation,
               static_cast<double>(n_images) * static_cast<double>(regions) *
                   static_cast<double>(config.oracle.duplicates),
               regions);
}

/// check_budget() for each combination of sweep.grid.
void check_budgets(const SweepConfig& config, std::int64_t n_samples) {
  for (const TrialSpec& spec : expand(config)) {
    check_budget(with_settings(config, spec.settings), n_samples);
  }
}

/// Strategies that measure what dropout changes need dropout.
void check_passes(const SweepConfig& config) {
  const auto refuse_equal_passes = [](const std::string& key, const std::string& why,
                                      const std::string& strategy) {
    throw ConfigError(key, fmt::format("{}, so that {} has nothing to go by (set a higher one, or "
                                       "leave this strategy out)",
                                       why, strategy));
  };
  for (const std::string& name : config.sweep.strategies) {
    for (const std::string& asked : stages_of(name, config.query)) {
      if (asks_for("mc_probs", asked, config.query) && config.model.dropout == 0) {
        refuse_equal_passes("model.dropout", "with 0 all passes are equal", name);
      }
      if (asks_for("passes", asked, config.query) && config.query.mc_passes < 2) {
        refuse_equal_passes("query.mc_passes", "one pass differs from no other", name);
      }
    }
  }
}

bool runs(const SweepConfig& config, const std::string& strategy) {
  const auto& strategies = config.sweep.strategies;
  return std::find(strategies.begin(), strategies.end(), strategy) != strategies.end();
}

/// boss asks its members as they are.
void check_members(const SweepConfig& config) {
  if (!runs(config, "boss")) return;
  for (const std::string& member : config.query.boss_members) {
    if (stages_of(member, config.query) == std::vector<std::string>{member}) continue;
    throw ConfigError("query.boss_members",
                      fmt::format("{} asks strategies itself, and is none for boss", member));
  }
}

/// Somebody must look at costs where query.cost says so.
void check_cost(const SweepConfig& config) {
  if (config.query.cost == CostRule::ignored) return;
  for (const std::string& name : config.sweep.strategies) {
    if (looks_at_costs(config, name)) return;
  }
  throw ConfigError("query.cost",
                    fmt::format("no cost can divide the scores of {}: none of them ranks samples "
                                "by a score of each (docs/strategies.md, Costs)",
                                fmt::join(config.sweep.strategies, ", ")));
}

/// How many regions an image has, once it is sure that the sweep can work on them.
std::int64_t check_regions(const SweepConfig& config, bool pixels, ImageSize images) {
  const std::int64_t side = config.query.region;
  if (side == 0) return 1;
  if (!pixels) throw ConfigError("query.region", "is for segmentation (use 0: whole images)");
  const Regions regions = regions_of(images.height, images.width, side);
  if (regions.are_images()) return 1;
  for (const std::string& name : config.sweep.strategies) {
    if (!asks_for("predicted_losses", name, config.query)) continue;
    throw ConfigError("sweep.strategies",
                      fmt::format("{} goes by predicted losses, which are of whole images (leave "
                                  "it out, or use query.region=0)",
                                  name));
  }
  if (config.query.embeddings != "auto") {
    throw ConfigError("query.embeddings",
                      fmt::format("'{}' is of whole images, query.region asks for regions (use "
                                  "auto: their band statistics)",
                                  config.query.embeddings));
  }
  if (config.training.augment == Augment::dihedral_crop &&
      8 * side <= std::max(images.height, images.width)) {
    throw ConfigError("training.augment",
                      fmt::format("dihedral_crop shifts by up to 1/8 of an image, so that nothing "
                                  "may be left of a region of {} pixels (use dihedral)",
                                  side));
  }
  return regions.per_image();
}

/// Checks that settings fit together.
void check_training(const SweepConfig& config, bool pixels) {
  const TrainingOptions& training = config.training;
  check_passes(config);
  check_members(config);
  check_cost(config);
  if (runs(config, "schedule") && config.loop.n_rounds > 0) {
    scheduled(config.query.schedule, config.loop.n_rounds);  // throws where the last has none
  }
  if (training.early_stopping > 0 && training.validation == 0) {
    throw ConfigError("training.early_stopping",
                      "nothing is held out to stop by (set training.validation, too)");
  }
  if (training.augment != Augment::none && config.model.torchscript.empty() &&
      network_info(config.model.name).embeddings) {
    throw ConfigError("training.augment",
                      fmt::format("{} takes embeddings, not images (use none)", config.model.name));
  }
  if (training.precision == Precision::tf32 && config.farm.device == DeviceKind::cpu) {
    throw ConfigError("training.precision",
                      "tf32 is a format of GPUs, farm.device is cpu (use fp32 or bf16)");
  }
  if (config.oracle.noise > 0 && pixels) {
    throw ConfigError("oracle.noise", "label noise is for classification");
  }
  if (config.oracle.imbalance > 0 && pixels) {
    throw ConfigError("oracle.imbalance", "is for classification");
  }
}

}  // namespace

bool looks_at_costs(const SweepConfig& config, const std::string& strategy) {
  if (strategy == "boss") return false;  // asks its members without
  const std::vector<std::string> stages = stages_of(strategy, config.query);
  return std::any_of(stages.begin(), stages.end(), [&](const std::string& stage) {
    return ranks_by_scores(stage) || asks_for("costs", stage, config.query);
  });
}

void check_inputs(const SweepConfig& config) {
  const std::pair<const char*, const std::string&> files[] = {
      {"dataset.path", config.dataset.path},
      {"model.pretrained", config.model.pretrained},
      {"model.torchscript", config.model.torchscript}};
  for (const auto& [key, path] : files) {
    if (path.empty()) continue;
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    file.peek();
    if (file.is_open() && !file.bad()) continue;
    const std::string why = errno == ENOENT ? "no such file" : std::strerror(errno);
    throw DataError(path, "", fmt::format("{} ({})", why, key));
  }
  if (has_own_engine(config) && !config.query.external.empty()) {
    throw ConfigError("external.strategies",
                      "are asked by al_trial alone, farm.engine is another program (which knows "
                      "its own strategies)");
  }
  check_programs(config);
}

void check_against_dataset(const SweepConfig& config, std::int64_t pool_size,
                           std::int64_t n_classes, const std::string& task, ImageSize images) {
  const bool pixels = task == "segmentation";
  if (n_classes < 2) {
    throw ConfigError("dataset", fmt::format("{} class: there is nothing to learn", n_classes));
  }
  if (has_own_engine(config)) return check_budgets(config, pool_size);  // it checks the rest itself
  if (config.model.torchscript.empty() && network_info(config.model.name).segmentation != pixels) {
    throw ConfigError("model.name", fmt::format("{} does not answer the dataset's task ({})",
                                                config.model.name, task));
  }
  if (pixels && config.training.pseudo_labels.weight > 0) {
    throw ConfigError("training.pseudo_labels.weight", "is for classification (must be 0)");
  }
  for (const std::string& name : config.sweep.strategies) {
    if (!pixels) continue;
    std::vector<std::string> asked = stages_of(name, config.query);
    asked.push_back(name);
    for (const std::string& stage : asked) {
      const bool own = config.query.external.count(stage) > 0;  // sees pixels, says what it can
      if (own || strategy_info(stage).segmentation) continue;
      throw ConfigError("sweep.strategies",
                        fmt::format("{} does not work on segmentation{}", stage,
                                    stage == name ? "" : fmt::format(" (asked by {})", name)));
    }
  }
  for (const std::string& name : config.sweep.inits) {
    if (pixels && !init_info(name).segmentation) {
      throw ConfigError("sweep.inits", fmt::format("{} does not work on segmentation", name));
    }
  }
  check_budget(config, pool_size, check_regions(config, pixels, images));
  check_training(config, pixels);
  if (config.sweep.grid.count("query.region") > 0) {
    throw ConfigError("sweep.grid",
                      "query.region is one for all trials, since their picks are numbered by it (a "
                      "results.file of its own for each)");
  }
  std::map<std::string, std::string> checked;
  for (const TrialSpec& spec : expand(config)) {
    if (spec.settings == checked) continue;  // trials of one combination follow one another
    checked = spec.settings;
    const SweepConfig combination = with_settings(config, checked);
    check_inputs(combination);
    check_budget(combination, pool_size, check_regions(combination, pixels, images));
    check_training(combination, pixels);
  }
}

}  // namespace al_mpi
