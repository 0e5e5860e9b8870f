#include "src/query/external.hpp"

#include <fstream>
#include <set>

#include "fake_predictions.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/query/stored_predictions.hpp>

using namespace al_mpi;

namespace {

/// A question to a shell script; `lines` follow where the arrays' file is in $file.
struct OwnStrategy {
  Question question = random_question(30);
  ScratchFolder folder;

  explicit OwnStrategy(const std::string& lines) {
    const std::string script = folder.file("mine.sh");
    std::ofstream(script) << "file=$2\n" << lines << "\n";
    question.n = 2;
    question.options.external["mine"] = {{{"sh", script}}, {"probs"}, 5.0};
  }
  Picks ask() { return question.ask("mine"); }
};

std::string printing(const std::string& lines) {
  return "printf 'order,index,score\\n" + lines + "'";
}

}  // namespace

TEST_CASE("an own strategy's picks are taken as it prints them") {
  const Picks picks = OwnStrategy(printing("0,7,0.5\\n1,2,-inf\\n")).ask();
  CHECK(indices_of(picks) == Indices{7, 2});
  CHECK(picks[0].score == 0.5);
  CHECK(std::isinf(picks[1].score));
  CHECK(indices_of(OwnStrategy(printing("0,7,nan\\r\\n1,2,1")).ask()) == Indices{7, 2});
}

TEST_CASE("an own strategy is given n, seed, round and the arrays that it needs") {
  OwnStrategy mine(
      "test $1 = --input -a \"$3 $4\" = '--n 2' -a $5 = --seed -a \"$7 $8\" = '--round 1' || exit "
      "3; "
      "test $(dirname $file) = $AL_MPI_SCRATCH || exit 4; cp $file $(dirname $0)/kept.h5; " +
      printing("0,7,1\\n1,2,0\\n"));
  auto& needs = mine.question.options.external["mine"].needs;
  needs = {"probs", "mc_probs", "features", "embeddings", "predicted_losses", "head_weight"};
  mine.question.unlabeled = {2, 5, 7};  // as a stage of two_stage sees it
  mine.ask();
  const StoredPredictions kept(mine.folder.file("kept.h5"), "/", "test");
  CHECK(kept.pool_size() == 28);  // up to the last labelled sample, 27, where nobody tells the pool
  CHECK(kept.marked("candidate") == Indices{2, 5, 7});
  CHECK(kept.marked("labeled") == mine.question.labeled);
  CHECK(kept.labels({0, 3}) == std::vector<std::int64_t>{0, 3});
  for (const std::string& array : needs) CHECK(kept.has(array));
  CHECK_FALSE(kept.has("head_bias"));
  StoredPredictions same(mine.folder.file("kept.h5"), "/", "test");
  const Indices all = range(0, 28);
  FakePredictions& given = mine.question.predictions;
  CHECK(probabilities(same, all).to(at::kFloat).equal(probabilities(given, all)));
  CHECK(mc_probabilities(same, all, 5).to(at::kFloat).equal(mc_probabilities(given, all, 5)));
  CHECK(same.embeddings(all).equal(given.embeddings(all)));
  CHECK(same.features(all).equal(given.features(all)));
}

TEST_CASE("its seed depends on the trial's seed and the round alone") {
  Question question = random_question(9);
  std::set<std::int64_t> seeds;
  for (question.seed = 1; question.seed <= 3; ++question.seed) {
    for (question.round = 1; question.round <= 3; ++question.round) {
      const std::int64_t seed = external_seed(question.context());
      CHECK(seed == external_seed(question.context()));
      CHECK((seed >= 0 && seed < std::int64_t{1} << 31));
      seeds.insert(seed);
    }
  }
  CHECK(seeds.size() == 9);
}

TEST_CASE("a wrong answer of an own strategy is final and says what is wrong") {
  const std::vector<std::pair<std::string, std::string>> answers = {
      {"true", "nothing was printed"},
      {"echo only here >&2",
       "nothing was printed, 'order,index,score' was expected (its last "
       "words: only here)"},
      {"echo hello", "the first line printed is 'hello', not 'order,index,score'"},
      {printing("0,7,1\\n"), "1 were picked, 2 are wanted"},
      {printing("0,7,1\\n1,2,0\\n2,4,0\\n"), "3 were picked, 2 are wanted"},
      {printing("0,7,1\\n1,7,0\\n"), "index 7 was picked twice"},
      {printing("0,7,1\\n1,3,0\\n"), "index 3 was picked, which is labelled already"},
      {printing("0,7,1\\n1,99,0\\n"), "index 99 was picked, which is no candidate"},
      {printing("0,7,1\\n1,-1,0\\n"), "index -1 was picked, which is no candidate"},
      {printing("0,7,1\\n2,2,0\\n"), "line 3 printed is '2,2,0', not '1,index,score'"},
      {printing("0,7\\n"), "line 2 printed is '0,7', not '0,index,score'"},
      {printing("0,7.0,1\\n"), "line 2 printed is '0,7.0,1'"},
      {printing("0,7,1,\\n"), "line 2 printed is '0,7,1,'"},
      {printing("0,7,high\\n"), "line 2 printed is '0,7,high'"},
      {printing("0,7,1\\n\\n1,2,0\\n"), "line 3 printed is ''"}};
  for (const auto& [lines, problem] : answers) {
    INFO(lines);
    CHECK_THROWS_AS(OwnStrategy(lines).ask(), ConfigError);
    CHECK_THROWS_WITH(OwnStrategy(lines).ask(), Contains("external.strategies.mine: " + problem));
  }
}

TEST_CASE("an own strategy that fails is tried again by the farm: its error is no ConfigError") {
  OwnStrategy dies("echo why >&2; exit 5");
  try {
    dies.ask();
    FAIL("it failed");
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::internal);
    CHECK(std::string(error.what()) ==
          "external.strategies.mine: the command left with exit code 5: why");
  }
  OwnStrategy hangs("sleep 100");
  hangs.question.options.external["mine"].time_limit = 0.2;
  CHECK_THROWS_WITH(hangs.ask(), "external.strategies.mine: the command was not done in 0.2 s");
}

TEST_CASE("an own strategy whose file has changed is not asked") {
  OwnStrategy mine(printing("0,7,1\\n1,2,0\\n"));
  OwnProgram& program = mine.question.options.external["mine"].program;
  const std::string script = program.command[1];
  remember_content(program);
  CHECK_NOTHROW(mine.ask());
  std::ofstream(script, std::ios::app) << "# another\n";
  CHECK_THROWS_WITH(mine.ask(), Contains("mine.sh has changed since the sweep was started"));
}

TEST_CASE("an own strategy is told what labels cost where it needs that") {
  OwnStrategy mine("cp $file $(dirname $0)/kept.h5; " + printing("0,7,1\\n1,2,0\\n"));
  mine.question.options.external["mine"].needs = {"costs"};
  const auto told = [&] {
    mine.ask();
    return Hdf5File::open(mine.folder.file("kept.h5")).read<double>("costs");
  };
  CHECK(told() == std::vector<double>(told().size(), 1.0));
  mine.question.cost_of = [](std::int64_t i) { return 0.5 + static_cast<double>(i); };
  CHECK(told().at(7) == 7.5);
}

TEST_CASE("an own strategy may be a stage of others, and be asked share by share") {
  // The first candidates of the mask, by h5dump: an own program without Python.
  OwnStrategy first(
      "h5dump -d /candidate -y -o $file.txt $file >/dev/null; tr -d ' \\n' <$file.txt | tr ',' "
      "'\\n' | awk -v n=$4 'BEGIN {print \"order,index,score\"} $1 == 1 && k < n {print k++ \",\" "
      "NR - 1 \",0\"}'");
  CHECK(indices_of(first.ask()) == Indices{1, 2});
  first.question.options.two_stage_first = "mine";
  first.question.options.two_stage_second = "margin_sampling";
  first.question.options.two_stage_factor = 3;
  for (const std::int64_t index : indices_of(first.question.ask("two_stage"))) {
    CHECK((index == 1 || index == 2 || index == 4 || index == 5 || index == 7 || index == 8));
  }
  first.question.options.schedule = {{"badge", 1}, {"mine", 0}};
  first.question.round = 2;
  CHECK(indices_of(first.question.ask("schedule")) == Indices{1, 2});
  first.question.options.partition = 2;
  CHECK(indices_of(first.ask()).size() == 2);
}
