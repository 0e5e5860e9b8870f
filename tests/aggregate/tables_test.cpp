#include "tools/aggregate/tables/tables.hpp"
#include <nlohmann/json.hpp>
#include "tools/aggregate/tables/numbers.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"

using namespace al_mpi;

namespace {

/// Two strategies over three seeds; one margin trial failed after its first round.
Study study_with_failure() {
  ResultsTables file = made_file("made.h5");
  for (int seed = 1; seed <= 3; ++seed) {
    add_trial(file, {"random_sampling", "random", seed}, {0.1 * seed, 0.2 * seed});
    if (seed < 3) add_trial(file, {"margin_sampling", "random", seed}, {0.2 * seed, 0.3 * seed});
  }
  add_trial(file, {"margin_sampling", "random", 3}, {0.6}, TrialState::failed);
  file.trials.back().error = "loss is NaN";
  return merge_study({file});
}

const Table& named(const std::vector<Table>& tables, const std::string& name) {
  for (const Table& table : tables) {
    if (table.name == name) return table;
  }
  throw std::runtime_error("no table " + name);
}

}  // namespace

TEST_CASE("failed trials are shown: counts, n a cell, and their message") {
  const Study study = study_with_failure();
  const Analysis analysis = analyze(study, {});
  const std::vector<Table> tables = all_tables(study, analysis);
  const auto& row = named(tables, "summary").rows.at(1);
  CHECK(row[2].text == "margin_sampling");
  CHECK(row[3].text == "2/3, 1 failed");
  CHECK(row[6].first == 2);  // seeds at the last budget
  CHECK_THAT(named(tables, "trials").csv(),
             Contains("margin_sampling,random,3,failed,1,0,,loss is NaN"));
  CHECK_THAT(named(tables, "rounds").csv(), Contains("made,random,margin_sampling,32,3,"));
  CHECK_THAT(named(tables, "rounds").csv(), Contains("made,random,margin_sampling,64,2,"));
}

TEST_CASE("every row of every table is as long as its heading, and columns are of one kind") {
  const Study study = study_with_failure();
  for (const Table& table : all_tables(study, analyze(study, {}))) {
    for (const auto& row : table.rows) {
      INFO(table.name);
      REQUIRE(row.size() == table.columns.size());
      for (std::size_t i = 0; i < row.size(); ++i) CHECK(row[i].kind == table.rows[0][i].kind);
    }
  }
}

TEST_CASE("a study of one strategy has a summary and no empty tables of tests") {
  ResultsTables file = made_file("one.h5");
  add_trial(file, {"random_sampling", "random", 1}, {0.1, 0.3});
  const Study study = merge_study({file});
  std::vector<std::string> names;
  for (const Table& table : all_tables(study, analyze(study, {}))) names.push_back(table.name);
  CHECK(names == std::vector<std::string>{"summary", "savings", "phases", "rounds"});
}

TEST_CASE("numbers as JSON hold every digit, and null where a number is missing") {
  const Study study = study_with_failure();
  const auto json = nlohmann::json::parse(numbers_json(study, analyze(study, {})));
  const auto& margin = json["panels"][0]["strategies"][1];
  CHECK(margin["final"]["n"] == 2);
  CHECK(margin["final"]["mean"].get<double>() == Approx(0.45));
  CHECK(json["panels"][0]["savings"][0]["saved_interval"]["low"].is_null());  // against itself
  CHECK(json["groups"][0]["strategies"][0] == "random_sampling");
}
