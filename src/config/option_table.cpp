#include <algorithm>
#include <set>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "option.hpp"
#include "own_code.hpp"
#include "values.hpp"
#include <al_mpi/base/enum_names.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>
#include <al_mpi/base/paths.hpp>
#include <al_mpi/catalog/catalog.hpp>

namespace al_mpi {
namespace {

// --- Rules: each checks a value, and may rewrite it into its usual form ---

struct Anything {
  std::string text;
  template <class T>
  void operator()(T&, const std::string&) const {}
};

struct Within {
  std::string text;
  std::function<bool(double)> holds;
  template <class Number>
  void operator()(Number& value, const std::string& key) const {
    if (!holds(static_cast<double>(value))) {
      throw ConfigError(key, fmt::format("{} is out of range (must be {})", value, text));
    }
  }
};

Within at_least(double low) {
  return {fmt::format(">= {}", low), [=](double x) { return x >= low; }};
}
Within above(double low) {
  return {fmt::format("> {}", low), [=](double x) { return x > low; }};
}
Within between(double low, double high) {
  return {fmt::format("{} .. {}", low, high), [=](double x) { return x >= low && x <= high; }};
}
Within above_up_to(double low, double high) {
  return {fmt::format("in ({}, {}]", low, high), [=](double x) { return x > low && x <= high; }};
}
Within fraction() {
  return {"in [0, 1)", [](double x) { return x >= 0 && x < 1; }};
}

Within fraction_or_own() {
  return {"in [0, 1), or -1", [](double x) { return x == -1 || (x >= 0 && x < 1); }};
}

/// A name of the member's enum.
struct Choice {
  std::string text;
  template <class Enum>
  void operator()(Enum&, const std::string&) const {}
};

template <class T>
void refuse_empty_or_double(const std::vector<T>& values, const std::string& key) {
  if (values.empty()) throw ConfigError(key, "the list is empty (nothing to run)");
  std::set<T> seen;
  for (const T& value : values) {
    if (!seen.insert(value).second)
      throw ConfigError(key, fmt::format("{} is listed twice", value));
  }
}

struct InCatalog {
  std::string text;
  std::string (*canonical)(const std::string& text, const std::string& key);
  void operator()(std::string& value, const std::string& key) const {
    value = canonical(value, key);
  }
};

/// Names of the catalog, or of the configuration's own strategies; an own engine knows its own.
struct StrategyNames {
  std::string text;
  void operator()(std::string& value, const std::string& key, const SweepConfig& config) const {
    if (has_own_engine(config)) return check_word(value, key);
    std::vector<std::string> own;
    for (const auto& [name, program] : config.query.external) own.push_back(name);
    value = strategy_name(value, key, own);
  }
  void operator()(std::vector<std::string>& values, const std::string& key,
                  const SweepConfig& config) const {
    for (std::string& value : values) (*this)(value, key, config);
    refuse_empty_or_double(values, key);
  }
};

struct InitNames {
  std::string text;
  void operator()(std::vector<std::string>& values, const std::string& key,
                  const SweepConfig& config) const {
    for (std::string& value : values) {
      if (has_own_engine(config))
        check_word(value, key);
      else
        value = init_name(value, key);
    }
    refuse_empty_or_double(values, key);
  }
};

std::string network_names() {
  std::vector<std::string> names;
  for (const NetworkInfo& info : network_catalog()) names.push_back(info.name);
  return fmt::format("{}", fmt::join(names, " | "));
}

/// A strategy that another one asks: none of `others`, which ask strategies themselves, and no
/// oracle, which would make the asker one.
struct StageName {
  std::vector<std::string> others;
  std::string text = "a strategy";
  void operator()(std::string& value, const std::string& key, const SweepConfig& config) const {
    StrategyNames{}(value, key, config);
    if (std::find(others.begin(), others.end(), value) != others.end()) {
      throw ConfigError(key, fmt::format("{} cannot be asked here, it asks others itself", value));
    }
    if (is_oracle(value)) {
      throw ConfigError(key,
                        fmt::format("{} is an oracle, no strategy that another may ask", value));
    }
  }
};

struct Schedule {
  std::string text = "strategies, each but the last with its number of rounds";
  void operator()(std::vector<ScheduledStrategy>& parts, const std::string& key,
                  const SweepConfig& config) const {
    if (parts.empty()) throw ConfigError(key, "the list is empty (nothing to ask)");
    for (ScheduledStrategy& part : parts) {
      StageName{{"schedule"}}(part.name, key, config);
      if (&part != &parts.back() && part.rounds == 0) {
        throw ConfigError(
            key, fmt::format("for how many rounds is {0} asked? (write {{{0}: 3}})", part.name));
      }
    }
  }
};

struct Seeds {
  std::string text = "1-10, or 1,3,5-7, or a list; each once";
  void operator()(std::vector<std::int64_t>& values, const std::string& key) const {
    refuse_empty_or_double(values, key);
  }
};

/// A file or folder: "~" and "$NAME" are replaced as a shell replaces them.
struct Path {
  std::string text;
  void operator()(std::string& value, const std::string& key) const {
    value = expanded_path(value, key);
  }
};

struct EndsIn {
  std::string suffix;
  std::string text = fmt::format("a path NAME{}", suffix);
  void operator()(std::string& value, const std::string& key) const {
    value = expanded_path(value, key);
    const std::string name = value.substr(value.find_last_of('/') + 1);  // npos + 1 = 0
    if (name.size() <= suffix.size() || name.substr(name.size() - suffix.size()) != suffix) {
      throw ConfigError(key, fmt::format("'{}' must be {}", value, text));
    }
  }
};

template <class Member, class Rule>
Option make_option(const std::string& key, const std::string& doc, Member member,
                   const Rule& rule) {
  using Value = std::decay_t<decltype(member(std::declval<SweepConfig&>()))>;
  Option option{key, doc, rule.text, "", {}, {}, {}};
  if constexpr (std::is_enum_v<Value>) {
    option.allowed = fmt::format("{}", fmt::join(enum_names<Value>(), " | "));
  }
  option.read = [=](SweepConfig& config, const YAML::Node& node) {
    Value value{};
    read_value(node, key, value);
    if constexpr (std::is_invocable_v<const Rule&, Value&, const std::string&, SweepConfig&>) {
      rule(value, key, config);
    } else {
      rule(value, key);
    }
    member(config) = std::move(value);
  };
  option.value = [=](const SweepConfig& config) { return to_node(member(config)); };
  option.json = [=](const SweepConfig& config) -> nlohmann::json {
    if constexpr (std::is_enum_v<Value>) {
      return name_of(member(config));
    } else if constexpr (std::is_constructible_v<nlohmann::json, const Value&>) {
      return member(config);
    } else {
      return nullptr;
    }
  };
  return option;
}

// The path of the member is the key. The key's section decides whether results depend on it: see
// shapes_results().
#define AL_OPTION(path, rule, doc) \
  make_option(                     \
      #path, doc, [](auto& config) -> auto& { return config.path; }, rule)

std::vector<Option> make_table() {
  return {
      AL_OPTION(protocol, Choice{},
                "sets the defaults of single flags, before the file's own keys"),

      AL_OPTION(dataset.path, Path{"a file"},
                "dataset file made by al_prepare; empty = the synthetic scenes below"),
      AL_OPTION(dataset.synthetic.task, Choice{}, "one label an image, or one a pixel"),
      AL_OPTION(dataset.synthetic.n_train, at_least(1), "images in the pool"),
      AL_OPTION(dataset.synthetic.n_test, at_least(1), "images in the test set"),
      AL_OPTION(dataset.synthetic.n_validation, at_least(0), "images in the validation set"),
      AL_OPTION(dataset.synthetic.n_classes, between(2, 10), "classes"),
      AL_OPTION(dataset.synthetic.n_bands, between(1, 13), "the first n of B1..B12, B8A"),
      AL_OPTION(dataset.synthetic.tile, between(4, 1024), "height and width [pixels]"),
      AL_OPTION(dataset.synthetic.noise, at_least(0), "difficulty; 0 = classes do not overlap"),
      AL_OPTION(dataset.synthetic.imbalance, between(0, 1),
                "0 = equal class sizes; 1 = the rarest class has a tenth of the commonest"),
      AL_OPTION(dataset.synthetic.seed, at_least(0), "which scenes"),

      AL_OPTION(model.name,
                (InCatalog{network_names(),
                           [](const std::string& text, const std::string& key) {
                             return network_name(text, key);
                           }}),
                "network"),
      AL_OPTION(model.dropout, fraction_or_own(),
                "before the last layer, resp. on the deepest encoder feature; -1 = the network's "
                "own: 0.3, for segmentation 0.5"),
      AL_OPTION(model.pretrained, Path{"a file"},
                "weights to start from (torch.save, .safetensors, TorchScript); empty = random"),
      AL_OPTION(
          model.first_conv, Choice{},
          "pretrained on other bands: a random first convolution, or one made of RGB kernels"),
      AL_OPTION(model.freeze, Choice{}, "what does not learn"),
      AL_OPTION(model.torchscript, Path{"a file"},
                "a TorchScript module instead of model.name; empty = none"),

      AL_OPTION(training.epochs, at_least(1),
                "passes over the labelled set (training.steps says which)"),
      AL_OPTION(
          training.steps, at_least(-1),
          "optimiser steps in every round; -1 = equal effort: as many in each as `epochs` passes "
          "over the trial's mean labelled set make; 0 = `epochs` passes over the round's own")
          .reference("0"),
      AL_OPTION(training.batch_size, at_least(1), "images a step"),
      AL_OPTION(training.learning_rate, above(0), "SGD"),
      AL_OPTION(training.momentum, fraction(), "SGD"),
      AL_OPTION(training.weight_decay, at_least(0), "SGD"),
      AL_OPTION(training.schedule, Choice{},
                "learning rate over a round; cosine: down to 0, step: / 10 at 1/2 and 3/4"),
      AL_OPTION(
          training.augment, Choice{},
          "random views in training; dihedral: flips and quarter turns, crop: shifts by up to 1/8"),
      AL_OPTION(training.validation, at_least(0),
                "labels bought at random before the start to validate on; counted in the budget"),
      AL_OPTION(
          training.early_stopping, at_least(0),
          "epochs without a better validation loss that end a round's training, the best weights "
          "are kept; 0 = never"),
      AL_OPTION(training.reset, Choice{}, "new weights each round, or go on from the last round's")
          .reference("none"),
      AL_OPTION(training.initial_weights, Choice{},
                "with reset full: the same initial weights each round, or new draws"),
      AL_OPTION(training.precision, Choice{}, "of products; tf32: on GPUs only, bf16: autocast"),
      AL_OPTION(training.pseudo_labels.threshold, above_up_to(0, 1),
                "classification: least probability at which a prediction is taken for a label"),
      AL_OPTION(training.pseudo_labels.weight, at_least(0),
                "of such images in a second training phase; 0 = none"),
      AL_OPTION(training.prediction_batch, at_least(1),
                "images a batch when predicting, up to 16 times as many on a GPU; speed only"),

      AL_OPTION(loop.n_init, at_least(1), "labels at the start"),
      AL_OPTION(loop.n_query, at_least(1), "labels bought a round"),
      AL_OPTION(loop.n_rounds, between(0, 100000), "queries"),
      AL_OPTION(loop.reference_mean_iou, Anything{"true | false"},
                "segmentation: also record the published study's mIoU")
          .reference("true"),
      AL_OPTION(loop.diagnostics, Choice{},
                "recorded each round: coverage_radius and batch_diversity of the embeddings; all: "
                "pool_entropy, too (one pass over the pool)"),

      AL_OPTION(
          query.features, Choice{},
          "what diversity strategies measure: frozen embeddings, or the network's own features")
          .reference("embeddings"),
      AL_OPTION(query.embeddings, Anything{"a name"},
                "embeddings in the dataset file; auto = its first, else band statistics"),
      AL_OPTION(query.mc_passes, at_least(1), "Monte-Carlo dropout passes"),
      AL_OPTION(query.mc_batch_norm, Choice{},
                "statistics of batch norm in those passes: running, or the batch's")
          .reference("batch"),
      AL_OPTION(query.mc_batch_size, at_least(1),
                "images a batch with mc_batch_norm batch (it changes the result)"),
      AL_OPTION(query.pixel_reduction, Choice{},
                "segmentation: pixel scores to one score an image"),
      AL_OPTION(query.pixel_entropy, Choice{},
                "segmentation: which entropy entropy_sampling labels first")
          .reference("lowest"),
      AL_OPTION(
          query.pixel_margin, Choice{},
          "segmentation: what margin_sampling subtracts (class indices: the reference's slip)")
          .reference("class_indices"),
      AL_OPTION(query.ignored_class, Choice{},
                "segmentation: pixel probabilities over the other classes only, or cut off after "
                "the softmax (rows then sum to less than 1)")
          .reference("cut_off"),
      AL_OPTION(query.region, at_least(0),
                "segmentation: side of the squares that are scored, bought and learnt from instead "
                "of whole images, a divisor of their height and width [pixels]; 0 = whole images"),
      AL_OPTION(query.kmeans_restarts, at_least(1), "k-means++ starts, the best inertia is kept"),
      AL_OPTION(query.cost, Choice{},
                "score_per_cost: strategies that rank by scores divide them by what each label "
                "costs; docs/strategies.md"),
      AL_OPTION(query.stochastic, Choice{},
                "Gumbel noise on acquisition scores: draws instead of the top"),
      AL_OPTION(query.stochastic_beta, above(0), "its inverse temperature"),
      AL_OPTION(query.batch_bald_candidates, at_least(1), "best by BALD that batch_bald looks at"),
      AL_OPTION(query.batch_bald_configurations, at_least(1),
                "label configurations that batch_bald keeps"),
      AL_OPTION(query.cluster_margin_factor, at_least(1),
                "smallest margins that cluster_margin looks at, times n_query"),
      AL_OPTION(query.cluster_margin_size, at_least(1), "pool samples a cluster on average"),
      AL_OPTION(query.prob_cover_delta, between(0, 2),
                "radius of prob_cover's balls; 0 = by purity"),
      AL_OPTION(query.prob_cover_purity, between(0, 1),
                "share of balls that must lie within one cluster"),
      AL_OPTION(query.lcmd_distances, Choice{},
                "what lcmd measures: gradients of the last layer, or what query.features says"),
      AL_OPTION(query.alfa_mix_epsilon, above(0), "alfa_mix's first mixing step"),
      AL_OPTION(query.bait_dimensions, at_least(0),
                "principal axes of the features that bait looks at; 0 = 320 / classes - 1"),
      AL_OPTION(query.bait_ridge, above(0),
                "bait's lambda on the diagonal of the Fisher information"),
      AL_OPTION(query.bait_ridge_on, Choice{},
                "what bait's lambda is added to: the information of labelled and picked samples "
                "summed, or divided by their number (the authors' code)"),
      AL_OPTION(query.bait_weight, at_least(0),
                "labelled samples that each of bait's picks counts as; 0 = n_query (the authors' "
                "code)"),
      AL_OPTION(query.two_stage_first, (StageName{{"two_stage", "schedule"}}),
                "strategy that keeps candidates for the second"),
      AL_OPTION(query.two_stage_second, (StageName{{"two_stage", "schedule"}}),
                "strategy that picks among them"),
      AL_OPTION(query.two_stage_factor, at_least(1), "candidates kept, times n_query"),
      AL_OPTION(
          query.schedule, Schedule{},
          "the strategies that schedule asks, and for how many rounds; round 1 is the first query"),
      AL_OPTION(query.boss_candidates, at_least(1), "batches of which boss takes the best"),
      AL_OPTION(query.boss_subset, at_least(1),
                "samples drawn at random that each of them is picked from, at most half of the "
                "pool"),
      AL_OPTION(query.boss_members, StrategyNames{"names of strategies, own ones too"},
                "strategies that pick these batches by turns"),
      AL_OPTION(query.partition, at_least(1),
                "random shares of a huge pool that a strategy looks at one by one; 1 = whole"),
      AL_OPTION(query.adversarial_max_steps, at_least(1), "cap on the steps of BIM and DeepFool"),
      AL_OPTION(query.adversarial_epsilon, above(0),
                "BIM's step [standard deviations of the input]"),

      make_option(
          "external.strategies",
          "own strategies: {mine: {command: [python3, mine.py], needs: [probs], files: [], "
          "time_limit: 600}}; docs/own_code.md",
          [](auto& config) -> auto& { return config.query.external; },
          Anything{"names and programs"}),

      AL_OPTION(oracle.noise, fraction(),
                "stress test: probability of a wrong label, uniform over the other classes"),
      AL_OPTION(oracle.duplicates, at_least(1),
                "stress test: copies of each sample in the pool (redundancy)"),
      AL_OPTION(
          oracle.imbalance, between(0, 1),
          "stress test: classes of the pool thinned out, in an order drawn from the seed; 1 = the "
          "rarest keeps a tenth of its samples"),

      AL_OPTION(sweep.strategies, StrategyNames{"names of strategies, own ones too"},
                "query strategies"),
      AL_OPTION(sweep.inits, InitNames{"names of initial sets"},
                "ways to choose the initial labelled set"),
      AL_OPTION(sweep.seeds, Seeds{}, "one trial each"),
      AL_OPTION(sweep.grid, Anything{"keys and lists of values"},
                "further settings to vary, e.g. {loop.n_init: [10, 32]}"),
      AL_OPTION(
          sweep.target_ci, at_least(0),
          "add seeds to a cell until the 95 % interval of its mean final value (accuracy, mean "
          "IoU) is no wider than +- this; 0 = off"),
      AL_OPTION(sweep.max_seeds, at_least(1), "with target_ci: the most seeds a cell gets"),

      AL_OPTION(farm.engine, Anything{"a command"},
                "a program of one's own in place of al_trial: [python3, my_engine.py], or "
                "{command: [...], files: [...]}; docs/own_code.md"),
      AL_OPTION(farm.workers_per_rank, at_least(0),
                "trials a rank runs at once; 0 = 1 under MPI, else the number of GPUs or cores"),
      AL_OPTION(farm.workers_per_gpu, at_least(1),
                "trials that share a GPU; each may take 0.95 / workers_per_gpu of its memory"),
      AL_OPTION(farm.threads, between(1, 1024),
                "CPU threads a trial (the last bits of the numbers depend on it)"),
      AL_OPTION(farm.device, Choice{},
                "where trials run; auto = cuda where LibTorch sees a GPU on rank 0's node, for all "
                "ranks; a results file holds trials of one kind"),
      AL_OPTION(farm.max_attempts, at_least(1), "failures before a trial is given up"),
      AL_OPTION(farm.stall_timeout, above(0),
                "seconds without a sign of life before a trial is restarted"),
      AL_OPTION(farm.trial_timeout, at_least(0), "seconds a trial may take; 0 = no limit"),
      AL_OPTION(farm.memory_limit, at_least(0),
                "MiB of memory a trial may hold, the mapped dataset not counted; 0 = no limit"),
      AL_OPTION(farm.drain_margin, at_least(0),
                "seconds before the job's end at which no more work is handed out"),

      AL_OPTION(results.file, EndsIn{".h5"},
                "the one results file; journal and checkpoints lie beside it"),
      AL_OPTION(results.networks, Path{"a folder"},
                "keeps each trial's final network, for al_trial predict; empty = none"),
      AL_OPTION(results.save_scores, Anything{"true | false"},
                "keep the acquisition scores of the whole pool in NAME.scores/, a file a round"),
      AL_OPTION(results.thumbnails, between(0, 100),
                "pictures kept in the results file, for the report: so many of the first and of "
                "the last query of each strategy and initial set, for segmentation also of test "
                "tiles with predictions; 0 = none"),
      AL_OPTION(results.snapshot_every, at_least(0), "seconds between two rebuilds of that file"),
  };
}

}  // namespace

Option Option::reference(std::string reference_default) const {
  Option changed = *this;
  changed.reference_value = std::move(reference_default);
  return changed;
}

const std::vector<Option>& option_table() {
  static const std::vector<Option> table = make_table();
  return table;
}

const Option* find_option(const std::string& key) {
  for (const Option& option : option_table()) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

}  // namespace al_mpi
