#include "tools/aggregate/report/report.hpp"
#include <nlohmann/json.hpp>
#include "tools/aggregate/tables/tables.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"

using namespace al_mpi;

namespace {

std::string made_report() {
  ResultsTables file = made_file("r.h5");
  for (int seed = 1; seed <= 2; ++seed) {
    add_trial(file, {"random_sampling", "random", seed}, {0.1, 0.2 * seed});
    add_trial(file, {"margin_sampling", "random", seed}, {0.1, 0.3 * seed});
  }
  file.rounds.metrics["nll"] = std::vector<double>(8, 1.5);
  file.trials[3].state = TrialState::failed;
  file.trials[3].error = "</script><script>alert(1)</script> \xff %DATA%";
  file.attempts.push_back({3, 1, 0, "node1", "cuda:0", "failed", file.trials[3].error, 100.0, 5.0});
  for (int row = 0; row < 8; ++row) {  // one bin of 4 predictions, 3 correct; an empty one
    for (const double value : {2.4, 3.0, 4.0, 0.0, 0.0, 0.0}) file.calibration.push_back(value);
  }
  const Study study = merge_study({file});
  const Analysis analysis = analyze(study, {});
  return report_html(study, analysis, all_tables(study, analysis), {});
}

/// The JSON inside the page.
nlohmann::json data_of(const std::string& page) {
  const std::string start = "<script type=\"application/json\" id=\"data\">";
  const std::size_t first = page.find(start) + start.size();
  return nlohmann::json::parse(page.substr(first, page.find("</script>", first) - first));
}

}  // namespace

TEST_CASE("the page holds everything and refers to nothing outside") {
  const std::string page = made_report();
  CHECK_THAT(page, Contains("var uPlot=") && Contains("default-src 'none'"));
  CHECK_THAT(page, !Contains("<link rel=\"stylesheet\"") && !Contains("<script src") &&
                       !Contains("@import"));
  for (const char* name : {"%UPLOT_JS%", "%UPLOT_CSS%", "%REPORT_CSS%", "%REPORT_JS%"}) {
    CHECK_THAT(page, !Contains(name));
  }
}

TEST_CASE("messages cannot break out of the data, whatever they hold") {
  const nlohmann::json data = data_of(made_report());
  const std::string message = data["farm"]["attempts"][0]["message"];
  CHECK_THAT(message, Contains("</script><script>alert(1)</script>") && Contains("%DATA%"));
}

TEST_CASE("bins of confidence, all seeds together") {
  const nlohmann::json course = data_of(made_report())["calibration"][1];
  CHECK(course["strategy"] == "margin_sampling");
  CHECK(course["trials"] == nlohmann::json::array({2, 2}));
  CHECK(course["bins"][1] == nlohmann::json::parse("[[600, 750, 8], [null, null, 0]]"));
}

TEST_CASE("curves of every metric, with intervals and n") {
  const nlohmann::json data = data_of(made_report());
  REQUIRE(data["panels"].size() == 2);
  CHECK(data["panels"][0]["metric"] == "accuracy");
  CHECK(data["panels"][1]["metric"] == "nll");
  CHECK(data["panels"][1]["lower_is_better"] == true);
  const auto& margin = data["panels"][0]["strategies"][1];
  CHECK(margin["mean"][1].get<double>() == Approx(0.45));
  CHECK(margin["n"][1] == 2);
  CHECK(data["farm"]["attempts"][0]["rank"] == "node1 rank 0");
  CHECK(data["state"] ==
        "3 of 4 trials done, 1 failed; metric accuracy, baseline random_sampling, level 0.05.");
}
