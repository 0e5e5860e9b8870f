#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/config/sweep_config.hpp>

using namespace al_mpi;

namespace {

SweepConfig parsed(const std::string& yaml, const std::vector<std::string>& overrides = {}) {
  return parse_config(yaml, "x.yaml", overrides);
}

std::string error_of(const std::string& yaml, const std::vector<std::string>& overrides = {}) {
  try {
    parsed(yaml, overrides);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a value that is no name of its option is refused with the nearest one") {
  CHECK(parsed("query: {stochastic: power}").query.stochastic == ScoreNoise::power);
  CHECK_THROWS_WITH(parsed("query: {stochastic: pwer}"),
                    Contains("query.stochastic: unknown value 'pwer' (did you mean 'power'?)"));
  CHECK_THROWS_WITH(parsed("query: {pixel_reduction: trimed_mean}"),
                    Contains("unknown value 'trimed_mean' (did you mean 'trimmed_mean'?)"));
  CHECK_THROWS_WITH(parsed("query: {features: pixels}"),
                    Contains("unknown value 'pixels' (known: embeddings, penultimate)"));
  CHECK_THROWS_WITH(parsed("dataset: {synthetic: {task: regression}}"),
                    Contains("dataset.synthetic.task: unknown value 'regression'"));
}

TEST_CASE("an empty file is the default configuration") {
  const SweepConfig config = parsed("");
  CHECK(config.protocol == Protocol::recommended);
  CHECK(config.training.epochs == 15);
  CHECK(config.training.reset == Reset::full);
  CHECK(parsed("training:\nloop:\n").loop.n_query == 32);  // empty sections
}

TEST_CASE("keys of a file are read, and overrides win") {
  const std::string yaml =
      "training: {epochs: 3, learning_rate: 1e-3}\nsweep:\n  inits: [FPS, random]\n";
  CHECK(parsed(yaml).training.epochs == 3);
  CHECK(parsed(yaml).training.learning_rate == 0.001);
  CHECK(parsed(yaml).sweep.inits == std::vector<std::string>{"fps", "random"});
  CHECK(parsed(yaml, {"training.epochs=4", "training.epochs=5"}).training.epochs == 5);
  CHECK(parsed(yaml, {"sweep.inits=[kmeans]"}).sweep.inits == std::vector<std::string>{"kmeans"});
  CHECK(parsed(yaml, {"sweep.strategies=BALDDropout, random_sampling"}).sweep.strategies ==
        std::vector<std::string>{"bald_dropout", "random_sampling"});
  CHECK(parsed(yaml, {"dataset.path=a=b: c.h5"}).dataset.path == "a=b: c.h5");
}

TEST_CASE("protocol: reference changes defaults, and the file's own keys still win") {
  CHECK(parsed("protocol: reference").training.reset == Reset::none);
  CHECK(parsed("protocol: reference").training.steps == 0);
  CHECK(parsed("protocol: reference").query.mc_batch_norm == McBatchNorm::batch);
  CHECK(parsed("protocol: reference").query.pixel_entropy == PixelEntropy::lowest);
  CHECK(parsed("protocol: reference").query.pixel_margin == PixelMargin::class_indices);
  CHECK(parsed("protocol: reference").query.ignored_class == IgnoredClass::cut_off);
  CHECK(parsed("protocol: reference").loop.reference_mean_iou);
  CHECK_FALSE(parsed("").loop.reference_mean_iou);
  CHECK(parsed("protocol: reference\nquery: {ignored_class: left_out}").query.ignored_class ==
        IgnoredClass::left_out);
  CHECK(parsed("training: {reset: full}\nprotocol: reference").training.reset == Reset::full);
  CHECK(parsed("", {"protocol=reference"}).training.reset == Reset::none);
  CHECK(parsed("protocol: reference", {"protocol=recommended"}).training.reset == Reset::full);
}

TEST_CASE("an unknown key is refused with its path, its line and the nearest known key") {
  CHECK(error_of("training:\n  epoch: 3") ==
        "training.epoch: unknown key (did you mean 'epochs'?) [x.yaml:2]");
  CHECK(error_of("trainin: {epochs: 3}") ==
        "trainin: unknown key (did you mean 'training'?) [x.yaml:1]");
  CHECK(error_of("epochs: 3") ==
        "epochs: unknown key (did you mean 'training.epochs'?) [x.yaml:1]");
  CHECK(error_of("dataset: {synthetic: {nois: 1}}") ==
        "dataset.synthetic.nois: unknown key (did you mean 'noise'?) [x.yaml:1]");
  CHECK_THAT(error_of("zzzzzzzzzzzz: 3"), Contains("(known: protocol, dataset, model, training"));
  CHECK(error_of("", {"loop.n_int=3"}) ==
        "loop.n_int: unknown key (did you mean 'n_init'?) [command line]");
}

TEST_CASE("values of a wrong type, range or name are refused") {
  CHECK(error_of("training:\n  epochs: many") ==
        "training.epochs: 'many' is no integer [x.yaml:2]");
  CHECK(error_of("training:\n  epochs: 0") ==
        "training.epochs: 0 is out of range (must be >= 1) [x.yaml:2]");
  CHECK_THAT(error_of("training: {epochs: 1.5}"), Contains("'1.5' is no integer"));
  CHECK_THAT(error_of("training: {epochs: 99999999999999999999}"), Contains("is no integer"));
  CHECK_THAT(error_of("training: {epochs: [1]}"), Contains("an integer expected"));
  CHECK_THAT(error_of("training: {epochs: }"), Contains("the value is missing"));
  CHECK_THAT(error_of("training: {learning_rate: nan}"), Contains("no finite number"));
  CHECK_THAT(error_of("training: {learning_rate: 0}"), Contains("must be > 0"));
  CHECK_THAT(error_of("model: {dropout: 1}"), Contains("must be in [0, 1), or -1"));
  CHECK(error_of("training: {reset: ful}") ==
        "training.reset: unknown value 'ful' (did you mean 'full'?) [x.yaml:1]");
  CHECK(error_of("sweep: {strategies: [margn_sampling]}") ==
        "sweep.strategies: unknown strategy 'margn_sampling' (did you mean 'margin_sampling'?) "
        "[x.yaml:1]");
  CHECK_THAT(error_of("model: {name: resnet19}"), Contains("did you mean 'resnet18'"));
  CHECK_THAT(error_of("sweep: {strategies: []}"), Contains("nothing to run"));
  CHECK_THAT(error_of("sweep: {inits: [fps, FPS]}"), Contains("fps is listed twice"));
  CHECK_THAT(error_of("results: {file: x.txt}"), Contains("must be a path NAME.h5"));
  CHECK_THAT(error_of("results: {file: results/.h5}"), Contains("must be a path NAME.h5"));
}

TEST_CASE("what is no configuration gives one line and no YAML exception") {
  CHECK_THAT(error_of("training: [1, 2"), Contains("not valid YAML"));
  CHECK_THAT(error_of("- 1\n- 2"), Contains("not a configuration"));
  CHECK_THAT(error_of("just text"), Contains("not a configuration"));
  CHECK_THAT(error_of("training: 3"), Contains("this is a section"));
  CHECK_THAT(error_of("{[a]: 3}"), Contains("a key must be a single word"));
  CHECK_THAT(error_of("training: {epochs: 3}\ntraining: {epochs: 3}"), Contains("given twice"));
  CHECK_THAT(error_of("training: *nowhere"), Contains("not valid YAML"));
  CHECK_THAT(error_of("training: &a {epochs: *a}"), Contains("training"));  // refers to itself
  CHECK_THAT(error_of(std::string(100000, '[')), Contains("not valid YAML"));
  CHECK_THAT(error_of(std::string(100000, '{')), Contains("not valid YAML"));
  CHECK_THAT(error_of("", {"training.epochs"}), Contains("is not of the form section.key=value"));
  CHECK_THAT(error_of("", {"sweep.inits=[fps"}), Contains("not valid YAML"));
  CHECK_THROWS_WITH(load_config("/nowhere/x.yaml"), Contains("/nowhere/x.yaml: cannot be read"));
  CHECK_THROWS_AS(load_config("/"), ConfigError);
}

TEST_CASE("aliases that would grow without bound cost nothing") {
  std::string yaml = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 60; ++i) {
    yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
            ", *a" + std::to_string(i - 1) + "]\n";
  }
  CHECK_THAT(error_of(yaml), Contains("a0: unknown key"));
  CHECK(parsed("training: &t {epochs: 2}\nloop: {n_init: &n 7, n_query: *n}").loop.n_query == 7);
}

TEST_CASE("a configuration written as YAML reads back to the same") {
  SweepConfig config = parsed(
      "protocol: reference\nsweep: {strategies: [MarginSampling, bald_dropout], seeds: '3,1-2'}",
      {"training.learning_rate=0.1", "results.file=a b/~.h5", "dataset.path=null",
       "sweep.grid={loop.n_init: [10, 32]}"});
  config.training.learning_rate = 1.0 / 3.0;
  const SweepConfig again = parsed(to_yaml(config));
  CHECK(to_yaml(again) == to_yaml(config));
  CHECK(again.training.learning_rate == 1.0 / 3.0);
  CHECK(again.dataset.path == "null");
  CHECK(again.sweep.seeds == std::vector<std::int64_t>{3, 1, 2});
  CHECK(again.training.reset == Reset::none);
}

TEST_CASE("with_settings changes single values of a resolved configuration") {
  const SweepConfig config = parsed("protocol: reference");
  CHECK(with_settings(config, {{"loop.n_init", "10"}}).loop.n_init == 10);
  CHECK(with_settings(config, {{"loop.n_init", "10"}}).training.reset == Reset::none);
  CHECK_THROWS_AS(with_settings(config, {{"protocol", "recommended"}}), ConfigError);
}

TEST_CASE("every key is documented with its default and what the reference protocol sets") {
  const std::string table = describe_config();
  CHECK_THAT(table, Contains("| `training.reset` | `full` | `none` | full \\| none |"));
  CHECK_THAT(table, Contains("| `training.learning_rate` | `0.05` |  | > 0 |"));
}
