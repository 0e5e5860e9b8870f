#include <limits>
#include <sstream>

#include "tools/aggregate/import_log.hpp"
#include "tools/aggregate/tables/export_results.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"

using namespace al_mpi;

TEST_CASE("tidy CSV has a row a round, every digit and empty cells where values are missing") {
  ResultsTables file = made_file("my,run.h5");
  add_trial(file, {"bald_dropout", "kmeans", 3}, {1.0 / 3, 0.5});
  file.rounds.metrics["nll"] = {std::numeric_limits<double>::quiet_NaN(), 2.0};
  CHECK(rounds_csv(merge_study({file})) ==
        "dataset,strategy,init,seed,state,round,n_labeled,accuracy,nll\n"
        "\"my,run\",bald_dropout,kmeans,3,done,0,32,0.3333333333333333,\n"
        "\"my,run\",bald_dropout,kmeans,3,done,1,64,0.5,2\n");
}

TEST_CASE("the reference's log comes back as it went, bit for bit") {
  ResultsTables file = made_file("run.h5");
  add_trial(file, {"margin_sampling", "random", 1}, {1.0 / 3, 2.0 / 3});
  add_trial(file, {"bald_dropout", "fps", 2}, {0.1, 0.7});
  const std::string text = reference_log(merge_study({file}), "accuracy");
  CHECK(text.substr(0, text.find(',')) == "MarginSampling_random");
  std::istringstream stream(text);
  const ImportedLog log = import_log(stream, "run.log");
  CHECK(log.notes.empty());
  CHECK(log.tables.trials.at(1).spec.key() == "bald_dropout/fps/2");
  CHECK(log.tables.rounds.metrics.at("accuracy") ==
        std::vector<double>{1.0 / 3, 2.0 / 3, 0.1, 0.7});
}
