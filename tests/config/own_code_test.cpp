#include <fstream>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/config/sweep_config.hpp>

using namespace al_mpi;

namespace {

SweepConfig parsed(const std::string& yaml) {
  return parse_config(yaml, "x.yaml");
}

SweepConfig with_mine(const std::string& program) {
  return parsed("sweep: {strategies: [mine]}\nexternal: {strategies: {mine: " + program + "}}");
}

/// A configuration and its script in a folder of their own.
struct Project {
  ScratchFolder folder;
  std::string config = folder.file("x.yaml");

  explicit Project(const std::string& program = "{command: [sh, mine.sh], files: [data.txt]}") {
    std::ofstream(config) << "sweep: {strategies: [mine]}\nexternal: {strategies: {mine: "
                          << program << "}}";
    write("mine.sh", "echo 1\n");
    write("data.txt", "1");
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder.file(name)) << text;
  }
};

}  // namespace

TEST_CASE("an own strategy is a strategy wherever names of strategies stand") {
  const SweepConfig config = parsed(
      "query: {two_stage_second: mine}\nsweep: {strategies: [Mine, two_stage, margin_sampling]}\n"
      "external: {strategies: {mine: {command: [python3, mine.py, --alpha, '2'], needs: "
      "[probabilities, Embeddings]}}}");
  CHECK(config.sweep.strategies ==
        std::vector<std::string>{"mine", "two_stage", "margin_sampling"});
  const ExternalStrategy& mine = config.query.external.at("mine");
  CHECK(mine.program.command == std::vector<std::string>{"python3", "mine.py", "--alpha", "2"});
  CHECK(mine.needs == std::vector<std::string>{"probs", "embeddings"});
  CHECK(mine.time_limit == 600);
  CHECK(asks_for("probs", "mine", config.query));
  CHECK(asks_for("embeddings", "two_stage", config.query));
  CHECK_FALSE(asks_for("mc_probs", "mine", config.query));
  CHECK_FALSE(program_fingerprint(config, "two_stage").empty());
  CHECK(program_fingerprint(config, "schedule").empty());
  const SweepConfig scheduled = with_settings(config, {{"query.schedule", "[{badge: 1}, Mine]"}});
  CHECK(scheduled.query.schedule.back().name == "mine");
  CHECK(asks_for("embeddings", "schedule", scheduled.query));
  CHECK_FALSE(program_fingerprint(scheduled, "schedule").empty());
  const SweepConfig again = parsed(to_yaml(config));
  CHECK(to_yaml(again) == to_yaml(config));
  CHECK(expand(again).size() == 3);
  CHECK_NOTHROW(check_against_dataset(config, 2000, 10, "classification"));
}

TEST_CASE("an own strategy looks at costs where it needs them") {
  const SweepConfig plain = with_mine("{command: [sh], needs: [probs]}");
  const SweepConfig priced = with_mine("{command: [sh], needs: [probs, costs]}");
  CHECK_FALSE(looks_at_costs(plain, "mine"));
  CHECK(looks_at_costs(priced, "mine"));
  CHECK(looks_at_costs(plain, "margin_sampling"));
  CHECK_FALSE(looks_at_costs(plain, "badge"));
}

TEST_CASE("an own strategy answers segmentation, too") {
  SweepConfig config = with_mine("{command: [sh]}");
  config.model.name = "unet_resnet18";
  CHECK_NOTHROW(check_against_dataset(config, 2000, 10, "segmentation"));
}

TEST_CASE("a bad own strategy is refused with the path of what is bad") {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"{comand: [sh]}", "external.strategies.mine.comand: unknown key (did you mean 'command'?)"},
      {"{needs: [probs]}", "external.strategies.mine.command: is missing"},
      {"{command: []}", "external.strategies.mine.command: is missing"},
      {"{command: {a: b}}", "external.strategies.mine.command: a list expected"},
      {"sh", "external.strategies.mine: a map is expected"},
      {"{command: [sh], needs: [prob]}",
       "external.strategies.mine.needs: unknown array 'prob' (did you mean 'probs'?)"},
      {"{command: [sh], time_limit: 0}", "external.strategies.mine.time_limit: must be > 0"},
      {"{command: [sh], time_limit: soon}", "external.strategies.mine.time_limit: 'soon'"},
      {"{command: [sh, $AL_NO_SUCH_VARIABLE/x]}", "AL_NO_SUCH_VARIABLE"}};
  for (const auto& [program, problem] : bad) {
    INFO(program);
    CHECK_THROWS_AS(with_mine(program), ConfigError);
    CHECK_THROWS_WITH(with_mine(program), Contains(problem));
  }
  CHECK_THROWS_WITH(parsed("external: {strategies: {MarginSampling: {command: [sh]}}}"),
                    Contains("margin_sampling is a strategy of al_mpi itself"));
  CHECK_THROWS_WITH(parsed("external: {strategies: {a/b: {command: [sh]}}}"),
                    Contains("'a/b' is no name"));
  CHECK_THROWS_WITH(
      parsed("external: {strategies: {mine: {command: [sh]}, Mine: {command: [sh]}}}"),
      Contains("'Mine' is given twice"));
  CHECK_THROWS_WITH(parsed("external: {strategies: 3}"), Contains("a map of names and programs"));
  CHECK_THROWS_WITH(parsed("sweep: {strategies: [mind]}\nexternal: {strategies: {mine: {command: "
                           "[sh]}}}"),
                    Contains("unknown strategy 'mind' (did you mean 'mine'?)"));
}

TEST_CASE("an own strategy that goes by passes needs dropout") {
  SweepConfig config = with_mine("{command: [sh], needs: [mc_probs]}");
  config.model.dropout = 0;
  CHECK_THROWS_WITH(check_against_dataset(config, 2000, 10, "classification"),
                    Contains("model.dropout"));
}

TEST_CASE("files of an own strategy are looked for beside the configuration") {
  const Project project;
  const SweepConfig config = load_config(project.config);
  const ExternalStrategy& mine = config.query.external.at("mine");
  CHECK(mine.program.command == std::vector<std::string>{"sh", project.folder.file("mine.sh")});
  CHECK(mine.program.files == std::vector<std::string>{project.folder.file("data.txt")});
  CHECK(mine.program.content.size() == 2);
  CHECK_NOTHROW(check_inputs(config));
}

TEST_CASE("an own strategy that cannot run is refused before the sweep") {
  CHECK_THROWS_WITH(check_inputs(load_config(Project("{command: [no_such_program]}").config)),
                    "no_such_program: no program that can be run (external.strategies.mine)");
  const Project missing("{command: [sh, mine.sh], files: [none.txt]}");
  CHECK_THROWS_WITH(check_inputs(load_config(missing.config)),
                    Contains("none.txt: cannot be read (external.strategies.mine)"));
  SweepConfig unused = load_config(missing.config);
  unused.sweep.strategies = {"random_sampling"};
  CHECK_NOTHROW(check_inputs(unused));
}

TEST_CASE("what a host runs must be what the configuration was read with") {
  const Project project;
  const std::string sent = to_yaml(load_config(project.config));
  CHECK_NOTHROW(check_inputs(parsed(sent)));
  project.write("data.txt", "2");
  CHECK_THROWS_WITH(check_inputs(parsed(sent)), Contains("data.txt: is another file than"));
}

TEST_CASE("a results file is continued with the own strategy that began it, wherever it lies") {
  const Project one, other;
  const SweepConfig began = load_config(one.config);
  const ProgramVersions stored = program_versions(began);
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].first == "external_mine");
  CHECK(stored[0].second.find("sh mine.sh (") == 0);
  CHECK(stored[0].second.find("; files data.txt (") != std::string::npos);
  const SweepConfig sent = parsed(to_yaml(load_config(other.config)));
  CHECK_NOTHROW(check_same_programs(stored, sent, "r.h5"));
  CHECK(program_fingerprint(began, "mine") == program_fingerprint(sent, "mine"));
  CHECK(program_fingerprint(began, "margin_sampling").empty());

  other.write("mine.sh", "echo 2\n");
  const SweepConfig changed = load_config(other.config);
  CHECK_THROWS_WITH(
      check_same_programs(stored, changed, "r.h5"),
      "results.file: r.h5 was made with other settings (external.strategies.mine: " +
          other.folder.file("mine.sh") +
          " has changed, under another name it is another strategy); use those, or another "
          "results.file");
  CHECK(program_fingerprint(began, "mine") != program_fingerprint(changed, "mine"));
  CHECK(settings_fingerprint(began) == settings_fingerprint(changed));  // the others' stays
  const Project more("{command: [sh, mine.sh, --alpha, '2'], files: [data.txt]}");
  CHECK_THROWS_WITH(check_same_programs(stored, load_config(more.config), "r.h5"),
                    Contains("--alpha 2") && Contains("in the results file"));
  const Project hungry("{command: [sh, mine.sh], files: [data.txt], needs: [probs]}");
  CHECK_THROWS_WITH(check_same_programs(stored, load_config(hungry.config), "r.h5"),
                    Contains("needs probs' now"));
}

TEST_CASE("own strategies extend a grid, and leave it") {
  const SweepConfig with = load_config(Project().config), without = parsed("");
  CHECK_NOTHROW(check_same_programs(program_versions(without), with, "r.h5"));
  CHECK_NOTHROW(check_same_programs(program_versions(with), without, "r.h5"));
  SweepConfig unused = with;
  unused.sweep.strategies = {"random_sampling"};
  CHECK(program_versions(unused).empty());
  unused.sweep.grid = {{"query.two_stage_first", {"badge", "Mine"}}};
  CHECK(program_versions(unused).size() == 1);
  unused.sweep.grid = {{"query.schedule", {"[{badge: 1}, typiclust]", "[{not_mine: 1}, badge]"}}};
  CHECK(program_versions(unused).empty());
  unused.sweep.grid = {{"query.schedule", {"[badge]", "[{Mine: 1}, badge]"}}};
  CHECK(program_versions(unused).size() == 1);
}

namespace {

/// A configuration with an engine of one's own beside it.
struct EngineProject {
  ScratchFolder folder;
  std::string config = folder.file("x.yaml");

  explicit EngineProject(const std::string& engine = "[sh, engine.sh]") {
    std::ofstream(config) << "sweep: {strategies: [my_margin, MarginSampling], inits: [mine]}\n"
                          << "farm: {engine: " << engine << "}";
    write("echo 1\n");
  }
  void write(const std::string& text) const { std::ofstream(folder.file("engine.sh")) << text; }
};

}  // namespace

TEST_CASE("an own engine names its own strategies and initial sets") {
  const EngineProject project;
  const SweepConfig config = load_config(project.config);
  CHECK(config.farm.engine.command ==
        std::vector<std::string>{"sh", project.folder.file("engine.sh")});
  CHECK(config.sweep.strategies == std::vector<std::string>{"my_margin", "MarginSampling"});
  CHECK(config.sweep.inits == std::vector<std::string>{"mine"});
  const SweepConfig sent = parsed(to_yaml(config));
  CHECK(to_yaml(sent) == to_yaml(config));
  CHECK_NOTHROW(check_inputs(sent));
  CHECK_NOTHROW(check_against_dataset(sent, 2000, 10, "segmentation"));
  CHECK_THROWS_WITH(check_against_dataset(sent, 20, 10, "classification"),
                    Contains("exceeds the pool of 20 samples"));
  CHECK_THROWS_WITH(parsed("sweep: {strategies: [a/b]}\nfarm: {engine: [sh]}"),
                    Contains("'a/b' is no name"));
  CHECK_THROWS_WITH(parsed("sweep: {strategies: [my_margin]}"), Contains("unknown strategy"));
}

TEST_CASE("a results file is continued with the engine that made it alone") {
  const EngineProject project;
  const SweepConfig own = load_config(project.config), none = parsed("");
  const ProgramVersions stored = program_versions(own);
  CHECK(settings_fingerprint(own) != settings_fingerprint(none));
  CHECK_NOTHROW(check_same_programs(stored, own, "r.h5"));
  CHECK_THROWS_WITH(check_same_programs({}, own, "r.h5"),
                    Contains("(farm.engine: 'al_trial' in the results file, 'sh engine.sh ("));
  CHECK_THROWS_WITH(check_same_programs(stored, none, "r.h5"), Contains("'al_trial' now)"));
  project.write("echo 2\n");
  const SweepConfig changed = load_config(project.config);
  CHECK(settings_fingerprint(own) != settings_fingerprint(changed));
  CHECK_THROWS_WITH(check_same_programs(stored, changed, "r.h5"),
                    Contains("engine.sh has changed); use those"));
}

TEST_CASE("a bad own engine is refused with the path of what is bad") {
  CHECK_THROWS_WITH(parsed("farm: {engine: python3}"), Contains("farm.engine: a list is expected"));
  CHECK_THROWS_WITH(parsed("farm: {engine: {files: [x]}}"),
                    Contains("farm.engine.command: is missing"));
  CHECK_THROWS_WITH(parsed("farm: {engine: {command: [sh], file: [x]}}"),
                    Contains("farm.engine.file: unknown key (did you mean 'files'?)"));
  CHECK_THROWS_WITH(check_inputs(parsed("farm: {engine: [no_such_program]}")),
                    "no_such_program: no program that can be run (farm.engine)");
  CHECK_THROWS_WITH(check_inputs(parsed("farm: {engine: [sh]}\nexternal: {strategies: {mine: "
                                        "{command: [sh]}}}")),
                    Contains("external.strategies: are asked by al_trial alone"));
}

TEST_CASE("engines are told the settings that shape results, by their paths and types") {
  const SweepConfig config = parsed(
      "training: {learning_rate: 1, epochs: 7}\nquery: {embeddings: '5'}\nsweep: {seeds: 1-3}");
  const std::string json = settings_json(config);
  for (const char* part :
       {"\"training.learning_rate\":1.0", "\"training.epochs\":7", "\"query.embeddings\":\"5\"",
        "\"dataset.path\":\"\"", "\"loop.reference_mean_iou\":false",
        "\"query.features\":\"embeddings\""})
    CHECK(json.find(part) != std::string::npos);
  for (const char* section : {"sweep.", "farm.", "results.", "external."})
    CHECK(json.find(section) == std::string::npos);
}
