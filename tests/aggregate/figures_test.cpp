#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tools/aggregate/figures/figures.hpp"

#include "aggregate/made_results.hpp"
#include "catch.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "al_figures.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  std::string read(const std::string& name) const {
    std::ifstream stream(path / name);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  fs::path path;
};

/// Names that a shell, gnuplot's text markup or a file system would trip over.
Study awkward_study() {
  ResultsTables file = made_file("it's {a} \"$(run)\" `x`.h5");
  for (int seed = 1; seed <= 3; ++seed) {
    for (const char* strategy : {"random_sampling", "margin_sampling", "bald_dropout"}) {
      add_trial(file, {strategy, "random", seed}, {0.1 * seed, 0.2 * seed, 0.25 * seed + 0.01});
    }
  }
  file.rounds.metrics["seconds_train"] = std::vector<double>(file.rounds.trial.size(), 2.0);
  file.rounds.metrics["seconds_query"] = std::vector<double>(file.rounds.trial.size(), 1.0);
  file.attributes["class_counts"] = "10 20";
  for (std::size_t row = 0; row < file.rounds.trial.size(); ++row) {
    for (const double value : {0.3, 1.0, 1.0, 7.0, 6.0, 8.0}) file.calibration.push_back(value);
  }
  return merge_study({file});
}

}  // namespace

TEST_CASE("every figure is drawn in every format, with text as text") {
  const Folder folder;
  const Study study = awkward_study();
  const Analysis analysis = analyze(study, {});
  for (const FigureStyle style : {FigureStyle::paper, FigureStyle::reference}) {
    const std::vector<Figure> figures = all_figures(study, analysis, style);
    // curves, two penalty matrices, ranks, final values, calibration, seconds
    CHECK(figures.size() == 7);
    draw(figures, {FigureFormat::svg, FigureFormat::png, FigureFormat::pdf}, folder.path.string());
    std::set<std::string> names;
    for (const Figure& figure : figures) {
      INFO(figure.name);
      CHECK(names.insert(figure.name).second);
      CHECK_THAT(folder.read(figure.name + ".svg"),
                 Contains("<text") && Contains("random_sampling"));
      CHECK(folder.read(figure.name + ".png").substr(1, 3) == "PNG");
      CHECK(folder.read(figure.name + ".pdf").substr(0, 4) == "%PDF");
    }
  }
  CHECK_THAT(folder.read("learning_curves_random.svg"), Contains("it's {a} \"$(run)\" `x`"));
  CHECK_THAT(folder.read("reference_random.svg"), Contains("mean of last iteration: 0.5100"));
}

TEST_CASE("calibration is drawn after the last round, without bins of fewer than ten predictions") {
  const Study study = awkward_study();  // of three seeds: bins of 3 and 24 predictions
  const std::vector<Figure> figures = calibration_figures(study, analyze(study, {}));
  REQUIRE(figures.size() == 1);
  CHECK(figures[0].name == "calibration_random");
  CHECK_THAT(figures[0].data, Contains("$calibration0 << EOD\n0.875 0.75 \nEOD"));
  CHECK_THAT(figures[0].script, Contains("after the last round") && Contains("margin_sampling"));
  ResultsTables few = made_file("few.h5");
  add_trial(few, {"random_sampling", "random", 1}, {0.5});
  few.calibration = {0.3, 1, 1, 4, 3, 5};
  const Study small = merge_study({few});
  CHECK(calibration_figures(small, analyze(small, {})).empty());
}

TEST_CASE("one strategy, one seed, one round still make a figure") {
  const Folder folder;
  ResultsTables file = made_file("one.h5");
  add_trial(file, {"random_sampling", "random", 1}, {0.5});
  const Study study = merge_study({file});
  draw(all_figures(study, analyze(study, {}), FigureStyle::paper), {FigureFormat::svg},
       folder.path.string());
  CHECK_THAT(folder.read("learning_curves_random.svg"), Contains("1 seed"));
}

TEST_CASE("a sweep without rounds draws nothing") {
  ResultsTables file = made_file("new.h5");
  add_trial(file, {"random_sampling", "random", 1}, {}, TrialState::pending);
  const Study study = merge_study({file});
  CHECK(all_figures(study, analyze(study, {}), FigureStyle::paper).empty());
}

TEST_CASE("what gnuplot complains about becomes one line") {
  const Folder folder;
  Figure broken;
  broken.name = "broken";
  broken.script = "plot nonsense(";
  try {
    draw({broken}, {FigureFormat::svg}, folder.path.string());
    FAIL("no error");
  } catch (const Error& error) {
    CHECK_THAT(error.what(), Contains("gnuplot failed"));
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
  }
}

TEST_CASE("words of a file name") {
  CHECK(slug("run (2) a/b=c") == "run__2__a_b_c");
  CHECK(quoted("it's \"b\"\n`c`") == "'it''s \"b\"'.\"\\n\".'`c`'");
}
