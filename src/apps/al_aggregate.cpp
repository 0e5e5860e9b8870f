#include "tools/aggregate/commands.hpp"

#include "apps/app.hpp"
#include "apps/choice.hpp"

namespace {

using namespace al_mpi;

void add_metric_and_level(CLI::App& app, AnalysisOptions& options) {
  app.add_option("--metric", options.metric, "accuracy, mean_iou, iou_water, macro_f1, nll, ...");
  add_choice(app, "--x", options.x, "Budgets of curves, areas and savings: labels, or their cost");
  app.add_option("--alpha", options.alpha, "Level of tests; intervals hold 1 - alpha")
      ->check(CLI::Range(1e-6, 0.5))
      ->capture_default_str();
}

void add_baseline(CLI::App& app, AnalysisOptions& options) {
  app.add_option("--baseline", options.baseline, "Strategy the others are tested against")
      ->capture_default_str();
}

void add_margin(CLI::App& app, AnalysisOptions& options) {
  app.add_option("--equivalence-margin", options.equivalence_margin,
                 "Difference of the metric that matters: tests whether one is better or worse by "
                 "so much")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

void add_aggregate(CLI::App& app, AggregateOptions& options) {
  app.add_option("RESULTS", options.results,
                 "Results files; those of equal data and settings are merged");
  app.add_option("--output,-o", options.output, "Folder for tables, figures and report.html");
  add_metric_and_level(app, options.analysis);
  add_baseline(app, options.analysis);
  add_margin(app, options.analysis);
  app.add_option(
         "--target", options.analysis.targets,
         "Values of the metric: labels (--x cost: the cost) that reach them, and data saved")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--bound", options.bounds,
                 "Results file of a bound (all labels at once): a line, and the share of it")
      ->allow_extra_args(false);
  add_choices(app, "--format", options.formats, "Of figures: svg,png,pdf, or none");
  add_choice(app, "--style", options.style,
             "Of learning curves: paper, or reference (as published)");
}

struct ImportArguments {
  std::string log, output;
  ImportOptions options;
};

CLI::App* add_import(CLI::App& app, ImportArguments& arguments) {
  CLI::App* verb =
      app.add_subcommand("import-log", "Read a log of lines Strategy_init,seed,uuid,value");
  verb->add_option("LOG", arguments.log)->required();
  verb->add_option("--output,-o", arguments.output, "Results file to write (.h5)")->required();
  verb->add_option("--name", arguments.options.name, "Of the study; else the file's name");
  verb->add_option("--metric", arguments.options.metric, "What the values are")
      ->capture_default_str();
  verb->add_option("--n-init", arguments.options.n_init, "Labels of round 0")
      ->capture_default_str();
  verb->add_option("--n-query", arguments.options.n_query, "Labels bought a round")
      ->capture_default_str();
  verb->add_option("--classes", arguments.options.classes, "Names of the classes")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb->add_option("--class-counts", arguments.options.class_counts,
                   "Samples of each class in the pool")
      ->delimiter(',')
      ->allow_extra_args(false);
  return verb;
}

CLI::App* add_export(CLI::App& app, ExportOptions& options, bool& csv) {
  CLI::App* verb =
      app.add_subcommand("export", "Write every round as CSV, or as the reference's log");
  verb->add_option("RESULTS", options.results)->required();
  verb->add_option("--output,-o", options.output, "File; else standard output");
  verb->add_option("--metric", options.metric, "Value of the log's lines");
  auto* format = verb->add_option_group("format");
  format->add_flag("--csv", csv, "A row a round, every metric");
  format->add_flag("--reference-log", options.reference_log, "Lines Strategy_init,seed,uuid,value");
  format->require_option(1);
  return verb;
}

CLI::App* add_compare(CLI::App& app, CompareOptions& options) {
  CLI::App* verb = app.add_subcommand(
      "compare", "Two sweeps side by side: what differs in settings and results, B against A");
  verb->add_option("A", options.a, "Results file, from before")->required();
  verb->add_option("B", options.b, "Results file, from after")->required();
  verb->add_option("--output,-o", options.output,
                   "Folder for tables and compare.html; else only the terminal's table");
  add_metric_and_level(*verb, options.analysis);
  add_margin(*verb, options.analysis);
  return verb;
}

CLI::App* add_tables(CLI::App& app, TablesOptions& options) {
  CLI::App* verb = app.add_subcommand(
      "tables", "The tables of a paper: mean and deviation at given labels, AULC, marks of tests");
  verb->add_option("RESULTS", options.results, "Results files")->required();
  verb->add_option("--output,-o", options.output, "File; else standard output");
  auto* form = verb->add_option_group("form", "Else aligned text");
  for (const auto& [name, what] :
       {std::pair{"latex", "LaTeX, needs the package booktabs"}, std::pair{"markdown", "Markdown"},
        std::pair{"csv", "CSV, every digit, without marks"}}) {
    const std::string word = name;
    form->add_flag_callback(
        "--" + word, [&options, word] { options.form = word; }, what);
  }
  form->require_option(0, 1);
  verb->add_option("--labels", options.paper.labels,
                   "Columns: budgets (--x cost: costs), as 96,192,352; else four evenly apart")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb->add_flag("--percent", options.paper.percent, "Values times 100");
  auto* decimals = verb->add_option("--decimals", options.paper.decimals,
                                    "Digits after the point [3; with --percent 1]")
                       ->check(CLI::Range(0, 9));
  verb->parse_complete_callback([&options, decimals] {
    if (options.paper.percent && decimals->count() == 0) options.paper.decimals = 1;
  });
  add_metric_and_level(*verb, options.analysis);
  add_baseline(*verb, options.analysis);
  return verb;
}

CLI::App* add_watch(CLI::App& app, WatchOptions& options) {
  CLI::App* verb = app.add_subcommand("watch", "A live table while a sweep runs");
  verb->add_option("RESULTS", options.results)->required();
  verb->add_option("--metric", options.metric, "accuracy, mean_iou, ...");
  verb->add_option("--every", options.every, "Seconds between looks")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  verb->add_flag("--once", options.once, "Look once");
  return verb;
}

void run_aggregate(AggregateOptions& options) {
  if (options.results.empty()) throw ConfigError("RESULTS", "name at least one results file");
  if (options.output.empty()) throw ConfigError("--output", "name a folder for tables and figures");
  aggregate(options);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Tables, statistics, figures and a report from results files", "al_aggregate"};
  AggregateOptions options;
  ImportArguments import;
  add_aggregate(app, options);
  ExportOptions exported;
  CompareOptions compared;
  TablesOptions printed;
  WatchOptions watched;
  bool csv = false;
  CLI::App* import_verb = add_import(app, import);
  CLI::App* export_verb = add_export(app, exported, csv);
  CLI::App* compare_verb = add_compare(app, compared);
  CLI::App* tables_verb = add_tables(app, printed);
  CLI::App* watch_verb = add_watch(app, watched);
  return run_app(app, argc, argv, [&] {
    if (*import_verb) {
      import_log_file(import.log, import.output, import.options);
    } else if (*export_verb) {
      export_results(exported);
    } else if (*compare_verb) {
      compare(compared);
    } else if (*tables_verb) {
      print_tables(printed);
    } else if (*watch_verb) {
      watch(watched);
    } else {
      run_aggregate(options);
    }
    return ExitCode::ok;
  });
}
