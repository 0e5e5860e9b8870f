#include <al_mpi/catalog/metrics.hpp>

#include <fstream>
#include <iterator>
#include <set>

#include "catch.hpp"

using namespace al_mpi;

TEST_CASE("metrics come in the catalogue's order, families by name, unknown ones last") {
  std::vector<std::string> names = {"zeal",   "iou_water", "seconds_train", "nll",
                                    "my_own", "mean_iou",  "iou_built",     "accuracy"};
  sort_metrics(names);
  CHECK(names == std::vector<std::string>{"accuracy", "mean_iou", "nll", "seconds_train",
                                          "iou_built", "iou_water", "my_own", "zeal"});
}

TEST_CASE("a metric's direction and whether it is a time stand in the catalogue") {
  CHECK(metric_info("nll").lower_is_better);
  CHECK(metric_info("pixels_labeled").lower_is_better);
  CHECK_FALSE(metric_info("macro_f1").lower_is_better);
  CHECK_FALSE(metric_info("nll").wall_clock);
  CHECK(metric_info("seconds_query").wall_clock);
  CHECK(metric_info("seconds_of_my_engine").wall_clock);
  CHECK(metric_info("seconds_of_my_engine").title == "seconds_of_my_engine");
  CHECK(metric_info("mean_iou").title == "mean IoU");
  CHECK(metric_info("iou_water").title == "iou_water");
  CHECK_FALSE(is_known_metric("my_own"));
  CHECK(metric_info("my_own").title == "my_own");
  CHECK_FALSE(metric_info("my_own").lower_is_better);
}

TEST_CASE("each metric is there once, and documented") {
  std::ifstream file(AL_TEST_DATA "/../../docs/formats.md");
  const std::string docs{std::istreambuf_iterator<char>(file), {}};
  std::set<std::string> names;
  for (const MetricInfo& info : metric_catalog()) {
    INFO(info.name);
    CHECK(names.insert(info.name).second);
    CHECK_FALSE(info.title.empty());
    const bool named = docs.find("`" + info.name + "`") != std::string::npos;
    CHECK((named || docs.find(" " + info.name + ",") != std::string::npos));
  }
}
