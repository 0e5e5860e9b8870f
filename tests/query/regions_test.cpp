// Every strategy and initial set that works on pixels works on regions of images, through the
// predictions alone.

#include <algorithm>
#include <set>

#include <ATen/TensorOperators.h>

#include "model/toy_dataset.hpp"
#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/model/learner.hpp>
#include <al_mpi/query/registry.hpp>

#undef CHECK  // LibTorch's logging; Catch's own follows
#include "catch.hpp"

using namespace al_mpi;

TEST_CASE("each strategy for pixels picks regions, none twice and none that is labelled") {
  const auto dataset = patchwork(6, 32);
  QueryOptions options;
  options.region = 16;
  options.mc_passes = 3;
  options.kmeans_restarts = 1;
  LearnerOptions learning;
  learning.model.name = "unet_resnet18";
  learning.predictions = options;
  Learner learner(dataset, learning, 1);
  const Indices labeled = {9, 2, 3}, none;
  Indices unlabeled = range(0, 24);
  for (const std::int64_t index : labeled) {
    unlabeled.erase(std::find(unlabeled.begin(), unlabeled.end(), index));
  }
  const auto predictions = learner.predictions(1);
  const Pool pool(*dataset, {}, 1, options.region);
  const auto ask = [&](const std::string& name, bool initial) {
    INFO(name);
    QueryContext asked{unlabeled, initial ? none : labeled, none, 7, options, *predictions,
                       1,         initial ? 0 : 1};
    asked.oracle_classes = [&](std::int64_t index) { return pool.oracle_classes(index); };
    const Picks picks = initial ? initial_set(name)(asked) : strategy(name)(asked);
    std::set<std::int64_t> chosen;
    for (const Pick& pick : picks) chosen.insert(pick.index);
    CHECK(chosen.size() == 7);
    for (const std::int64_t index : chosen) {
      CHECK(std::binary_search(unlabeled.begin(), unlabeled.end(), index));
    }
  };
  for (const StrategyInfo& info : strategy_catalog()) {
    if (info.segmentation && !strategy_needs(info.name, "predicted_losses")) {
      ask(info.name, false);
    }
  }
  for (const StrategyInfo& info : init_catalog()) {
    if (info.segmentation) ask(info.name, true);
  }
}

TEST_CASE("a region's score is the one that an image of its pixels' probabilities has") {
  const auto dataset = patchwork(3, 32);
  QueryOptions options;
  options.region = 16;
  options.pixel_reduction = PixelReduction::max;
  LearnerOptions learning;
  learning.model.name = "unet_resnet18";
  learning.predictions = options;
  Learner learner(dataset, learning, 1);
  const auto predictions = learner.predictions(1);
  const Indices all = range(0, 12), none;
  QueryContext context{all, none, none, 12, options, *predictions, 1, 1};
  const at::Tensor p = probabilities(*predictions, all);
  for (const Pick& pick : strategy("least_confidence")(context)) {
    const double most_unsure = 1.0 - p[pick.index].amax(0).min().item<double>();
    CHECK(pick.score == Approx(most_unsure).margin(1e-6));
  }
}
