#include "catch.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/config/sweep_config.hpp>

using namespace al_mpi;

namespace {

SweepConfig parsed(const std::string& yaml) {
  return parse_config(yaml, "x.yaml");
}

}  // namespace

TEST_CASE("a budget larger than the pool is refused") {
  CHECK_NOTHROW(check_against_dataset(parsed(""), 352, 10, "classification"));
  CHECK_THROWS_WITH(check_against_dataset(parsed(""), 300, 10, "classification"),
                    "loop: n_init + n_rounds x n_query = 352 exceeds the pool of 300 samples");
  CHECK_THROWS_AS(check_against_dataset(parsed("loop: {n_query: 9223372036854775807}"), 300, 10,
                                        "classification"),
                  ConfigError);
  CHECK_THROWS_AS(check_against_dataset(parsed("sweep: {grid: {loop.n_init: [1, 33]}}"), 352, 10,
                                        "classification"),
                  ConfigError);
}

TEST_CASE("a dataset of one class and a network or strategy for another task are refused") {
  CHECK_THROWS_WITH(check_against_dataset(parsed(""), 352, 1, "classification"),
                    "dataset: 1 class: there is nothing to learn");
  CHECK_THROWS_WITH(check_against_dataset(parsed(""), 352, 10, "segmentation"),
                    "model.name: resnet18 does not answer the dataset's task (segmentation)");
}

TEST_CASE("validation labels and copies of the pool count in the budget") {
  const auto check_pool = [](const std::string& yaml, std::int64_t pool_size) {
    check_against_dataset(parsed(yaml), pool_size, 10, "classification");
  };
  CHECK_NOTHROW(check_pool("training: {validation: 48}", 400));
  CHECK_THROWS_WITH(
      check_pool("training: {validation: 49}", 400),
      "loop: validation + n_init + n_rounds x n_query = 401 exceeds the pool of 400 samples");
  CHECK_NOTHROW(check_pool("oracle: {duplicates: 2}", 176));
  CHECK_THROWS_AS(check_pool("oracle: {duplicates: 2}", 175), ConfigError);
  CHECK_THROWS_AS(check_pool("sweep: {grid: {training.validation: [0, 49]}}", 400), ConfigError);
}

TEST_CASE("strategies that go by dropout are refused without it, also as a stage or in a grid") {
  const auto problem = [](const std::string& yaml) -> std::string {
    try {
      check_against_dataset(parsed(yaml), 400, 10, "classification");
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  const std::string bald = "sweep: {strategies: [random_sampling, bald_dropout]}\n";
  CHECK(problem(bald).empty());
  CHECK_THAT(problem(bald + "model: {dropout: 0}"),
             Contains("model.dropout: with 0 all passes are equal") && Contains("bald_dropout"));
  CHECK_THAT(problem(bald + "query: {mc_passes: 1}"), Contains("query.mc_passes: one pass"));
  CHECK(problem("sweep: {strategies: [margin_sampling]}\nmodel: {dropout: 0}").empty());
  CHECK(problem("sweep: {strategies: [margin_sampling_dropout]}\nquery: {mc_passes: 1}").empty());
  CHECK_THAT(problem("sweep: {strategies: [margin_sampling_dropout]}\nmodel: {dropout: 0}"),
             Contains("margin_sampling_dropout"));
  CHECK_THAT(problem("sweep: {strategies: [two_stage]}\nmodel: {dropout: 0}\n"
                     "query: {two_stage_first: mean_std}"),
             Contains("two_stage has nothing to go by"));
  CHECK_THAT(problem("sweep: {strategies: [schedule]}\nmodel: {dropout: 0}\n"
                     "query: {schedule: [{mean_std: 2}, badge]}"),
             Contains("schedule has nothing to go by"));
  CHECK_THAT(problem("sweep: {strategies: [bald_dropout], grid: {model.dropout: [0.3, 0]}}"),
             Contains("model.dropout"));
}

TEST_CASE("a schedule has a strategy for every round") {
  const auto check = [](const std::string& yaml) {
    check_against_dataset(parsed("loop: {n_rounds: 5}\n" + yaml), 400, 10, "classification");
  };
  const std::string sweep = "sweep: {strategies: [schedule]}\n";
  CHECK_NOTHROW(check(sweep));
  CHECK_NOTHROW(check(sweep + "query: {schedule: [{badge: 3}, {margin_sampling: 2}]}"));
  CHECK_THROWS_WITH(check(sweep + "query: {schedule: [{badge: 3}, {margin_sampling: 1}]}"),
                    Contains("query.schedule: names no strategy for round 5"));
  CHECK_NOTHROW(check("query: {schedule: [{badge: 3}]}"));  // is not asked
  CHECK_THROWS_WITH(check("sweep: {strategies: [schedule], grid: {query.schedule: [[badge], "
                          "[{badge: 4}]]}}"),
                    Contains("names no strategy for round 5"));
}

TEST_CASE("costs are refused where no strategy looks at them") {
  const auto check = [](const std::string& sweep, const std::string& more = "") {
    check_against_dataset(
        parsed("query: {cost: score_per_cost" + more + "}\nsweep: {" + sweep + "}"), 400, 10,
        "classification");
  };
  CHECK_NOTHROW(check("strategies: [random_sampling, margin_sampling]"));
  CHECK_NOTHROW(check("strategies: [schedule]"));
  CHECK_NOTHROW(check("strategies: [two_stage]"));
  CHECK_THROWS_WITH(check("strategies: [random_sampling, badge]"),
                    "query.cost: no cost can divide the scores of random_sampling, badge: none of "
                    "them ranks samples by a score of each (docs/strategies.md, Costs)");
  CHECK_THROWS_WITH(check("strategies: [schedule]", ", schedule: [{typiclust: 3}, badge]"),
                    Contains("query.cost"));
  CHECK_THROWS_WITH(check("strategies: [boss]"), Contains("query.cost"));
  CHECK_THROWS_WITH(parsed("query: {cost: high}"), Contains("query.cost") && Contains("high"));
}

TEST_CASE("members of boss ask no strategies themselves, and have what they need") {
  const auto check = [](const std::string& yaml, const std::string& task = "classification") {
    check_against_dataset(parsed("sweep: {strategies: [boss]}\n" + yaml), 400, 10, task);
  };
  CHECK_NOTHROW(check(""));
  CHECK_NOTHROW(check("model: {dropout: 0}"));
  CHECK_NOTHROW(check("query: {boss_members: [MarginSampling, random_sampling]}"));
  CHECK_THROWS_WITH(check("query: {boss_members: [random_sampling, two_stage]}"),
                    "query.boss_members: two_stage asks strategies itself, and is none for boss");
  CHECK_THROWS_WITH(check("query: {boss_members: [boss]}"), Contains("boss asks strategies"));
  CHECK_THROWS_WITH(check("query: {boss_members: [schedule], schedule: [badge]}"),
                    Contains("schedule asks strategies"));
  CHECK_THROWS_WITH(check("query: {boss_members: [bald_dropout]}\nmodel: {dropout: 0}"),
                    Contains("model.dropout: with 0 all passes are equal, so that boss"));
  CHECK_THROWS_WITH(check("query: {boss_members: [margn_sampling]}"),
                    Contains("query.boss_members") && Contains("margin_sampling"));
  CHECK_THROWS_WITH(check("query: {boss_members: []}"), Contains("query.boss_members"));
  CHECK_THROWS_WITH(check("query: {boss_subset: 0}"), Contains("query.boss_subset"));
  CHECK_THROWS_WITH(check("query: {boss_candidates: 0}"), Contains("query.boss_candidates"));
  CHECK_THROWS_WITH(check("model: {name: unet_resnet18}", "segmentation"),
                    "sweep.strategies: boss does not work on segmentation");
}

TEST_CASE("settings that make no sense together are refused") {
  const auto problem = [](const std::string& yaml, const std::string& task) -> std::string {
    try {
      check_against_dataset(parsed(yaml), 400, 10, task);
    } catch (const ConfigError& error) {
      return error.key();
    }
    return "";
  };
  const std::string pixels = "model: {name: unet_resnet18}\nsweep: {inits: [fps]}\n";
  CHECK(problem("training: {early_stopping: 3}", "classification") == "training.early_stopping");
  CHECK(problem("training: {early_stopping: 3, validation: 20}", "classification").empty());
  CHECK(problem("{training: {precision: tf32}, farm: {device: cpu}}", "classification") ==
        "training.precision");
  CHECK(problem("{training: {precision: tf32}, farm: {device: cuda}}", "classification").empty());
  CHECK(problem("model: {name: linear_probe}\ntraining: {augment: flips}", "classification") ==
        "training.augment");
  CHECK(problem("training: {augment: dihedral_crop}", "classification").empty());
  CHECK(problem(pixels + "training: {augment: dihedral}", "segmentation").empty());
  CHECK(
      problem(pixels + "query: {schedule: [{badge: 1}, margin_sampling]}", "segmentation").empty());
  const std::string scheduled =
      "model: {name: unet_resnet18}\nsweep: {inits: [fps], strategies: [schedule]}\n";
  CHECK(problem(scheduled, "segmentation").empty());
  CHECK(problem(scheduled + "query: {schedule: [{badge: 1}, margin_sampling]}", "segmentation") ==
        "sweep.strategies");
  CHECK(problem(pixels + "oracle: {noise: 0.1}", "segmentation") == "oracle.noise");
  CHECK(problem(pixels + "oracle: {imbalance: 1}", "segmentation") == "oracle.imbalance");
  CHECK(problem("sweep: {grid: {training.early_stopping: [0, 3]}}", "classification") ==
        "training.early_stopping");
}

TEST_CASE("regions are refused where they do not divide the images, and what cannot work on them") {
  const auto problem = [](const std::string& query, const std::string& rest = "",
                          const std::string& task = "segmentation") -> std::string {
    const std::string network = task == "segmentation" ? "unet_resnet18" : "resnet18";
    try {
      check_against_dataset(
          parsed("model: {name: " + network + "}\nquery: {" + query + "}\n" + rest), 352, 10, task,
          {64, 64});
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(problem("region: 32").empty());
  CHECK(problem("region: 32", "", "classification") ==
        "query.region: is for segmentation (use 0: whole images)");
  CHECK_THAT(problem("region: 24"), Contains("24 does not divide the images of 64 x 64 pixels"));
  const std::string loss = "sweep: {strategies: [random_sampling, loss_prediction]}\n";
  CHECK(problem("region: 32", loss) ==
        "sweep.strategies: loss_prediction goes by predicted losses, which are of whole images "
        "(leave it out, or use query.region=0)");
  CHECK_THAT(
      problem("region: 32, two_stage_first: loss_prediction", "sweep: {strategies: [two_stage]}\n"),
      Contains("two_stage goes by predicted losses"));
  CHECK_THAT(problem("region: 32, embeddings: mine"), Contains("'mine' is of whole images"));
  CHECK_THAT(problem("region: 8", "training: {augment: dihedral_crop}"),
             Contains("training.augment: dihedral_crop shifts"));
  CHECK(problem("region: 16", "training: {augment: dihedral_crop}").empty());
  // A region as large as the image is the image.
  CHECK(problem("region: 64, embeddings: mine", loss).empty());
}

TEST_CASE("the budget is counted in regions, and validation in images that have so many") {
  const auto check = [](const std::string& yaml) {
    check_against_dataset(parsed("model: {name: unet_resnet18}\n" + yaml), 88, 10, "segmentation",
                          {64, 64});
  };
  CHECK_NOTHROW(check("query: {region: 32}"));  // 32 + 10 x 32 of 88 x 4
  CHECK_THROWS_WITH(check("query: {region: 32}\nloop: {n_init: 33}"),
                    "loop: n_init + n_rounds x n_query = 353 exceeds the pool of 352 regions");
  CHECK_THROWS_WITH(
      check("query: {region: 32}\nloop: {n_init: 29}\ntraining: {validation: 1}"),
      "loop: regions of validation + n_init + n_rounds x n_query = 353 exceeds the pool of 352 "
      "regions");
  CHECK_THROWS_WITH(check("loop: {n_init: 8, n_query: 8}\nsweep: {grid: {query.region: [0, 32]}}"),
                    Contains("sweep.grid: query.region is one for all trials"));
}
