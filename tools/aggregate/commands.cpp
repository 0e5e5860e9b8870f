#include "commands.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include "tools/aggregate/figures/figures.hpp"
#include "tools/aggregate/report/report.hpp"
#include "tools/aggregate/tables/change_tables.hpp"
#include "tools/aggregate/tables/export_results.hpp"
#include "tools/aggregate/tables/numbers.hpp"
#include "tools/aggregate/tables/tables.hpp"

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

void make_folder(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem)
    throw DataError(folder.string(), "", fmt::format("cannot be created ({})", problem.message()));
}

void write_tables(const std::vector<Table>& tables, const fs::path& folder) {
  make_folder(folder);
  std::string markdown, latex;
  for (const Table& table : tables) {
    write_text((folder / (table.name + ".csv")).string(), table.csv());
    if (table.long_form) continue;
    markdown += "## " + table.name + "\n\n" + table.markdown() + "\n";
    write_text((folder / (table.name + ".tex")).string(), table.latex());
  }
  write_text((folder / "tables.md").string(), markdown);
}

/// The pictures that report.html shows: what it does not draw itself.
std::vector<std::string> report_pictures(const std::vector<Figure>& figures,
                                         const AggregateOptions& options) {
  std::vector<std::string> files;
  const auto& formats = options.formats;
  if (std::find(formats.begin(), formats.end(), FigureFormat::svg) == formats.end()) return files;
  for (const Figure& figure : figures) {
    if (figure.name.rfind("learning_curves", 0) == 0) continue;
    files.push_back((fs::path(options.output) / (figure.name + ".svg")).string());
  }
  return files;
}

void print_or_write(const std::string& output, const std::string& text) {
  if (output.empty()) {
    fmt::print("{}", text);
  } else {
    write_text(output, text);
  }
}

}  // namespace

void write_text(const std::string& path, const std::string& text) {
  std::ofstream stream(path, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream)
    throw DataError(path, "", fmt::format("cannot be written ({})", std::strerror(errno)));
}

void aggregate(const AggregateOptions& options) {
  ReadWhat what;
  what.pictures = true;
  what.most_confusion = 40'000'000;  // 320 MB
  const Study study = read_study(options.results, what);
  check_values(study);
  Analysis analysis = analyze(study, options.analysis);
  analysis.bounds = read_bounds(options.bounds, analysis.metric);
  const fs::path folder = options.output;
  make_folder(folder);
  const std::vector<Table> tables = all_tables(study, analysis);
  write_tables(tables, folder / "tables");
  write_text((folder / "numbers.json").string(), numbers_json(study, analysis));

  fmt::print("{}", terminal_table(analysis).text());
  for (const std::string& note : analysis.notes) fmt::print("note: {}\n", note);
  std::fflush(stdout);

  const std::vector<Figure> figures = all_figures(study, analysis, options.style);
  draw(figures, options.formats, folder.string());
  write_text((folder / "report.html").string(),
             report_html(study, analysis, tables, report_pictures(figures, options)));
  fmt::print("{} tables, {} figures and report.html in {}\n", tables.size(),
             options.formats.empty() ? 0 : figures.size(), folder.string());
}

void import_log_file(const std::string& log, const std::string& output,
                     const ImportOptions& options) {
  const ImportedLog imported = import_log(log, options);
  for (const std::string& note : imported.notes) fmt::print("note: {}\n", note);
  write_results(output, imported.tables);
  fmt::print("{} trials, {} rounds in {}\n", imported.tables.trials.size(),
             imported.tables.rounds.trial.size(), output);
}

void export_results(const ExportOptions& options) {
  const Study study = read_study(options.results, {false, false});
  const std::string text = options.reference_log
                               ? reference_log(study, metric_of(study, options.metric))
                               : rounds_csv(study);
  print_or_write(options.output, text);
}

void compare(const CompareOptions& options) {
  const TwoSweeps sweeps = compare_sweeps(options.a, options.b, options.analysis);
  const Table changes = changes_table(sweeps), settings = settings_table(sweeps);
  if (!settings.rows.empty()) fmt::print("{}\n", settings.text());
  fmt::print("{}", changes.text());
  for (const std::string& note : sweeps.notes) fmt::print("note: {}\n", note);
  for (const std::string& sentence : changes.says) fmt::print("{}\n", sentence);
  if (options.output.empty()) return;
  AnalysisOptions side_by_side = options.analysis;
  side_by_side.metric = sweeps.analysis.metric;
  side_by_side.baseline.clear();
  Analysis analysis = summarize(sweeps.joint, side_by_side);
  analysis.notes.insert(analysis.notes.begin(), sweeps.notes.begin(), sweeps.notes.end());
  std::vector<Table> tables = {changes};
  if (!settings.rows.empty()) tables.push_back(settings);
  for (Table& table : all_tables(sweeps.joint, analysis)) tables.push_back(std::move(table));
  const fs::path folder = options.output;
  make_folder(folder);
  write_tables(tables, folder / "tables");
  write_text((folder / "compare.html").string(), report_html(sweeps.joint, analysis, tables, {}));
  fmt::print("{} tables and compare.html in {}\n", tables.size(), folder.string());
}

void print_tables(const TablesOptions& options) {
  const Study study = read_study(options.results, {false, false});
  check_values(study);
  const Analysis analysis = analyze(study, options.analysis);
  std::string text;
  PaperOptions paper = options.paper;
  paper.bold = !options.form.empty();
  for (const Table& table : paper_tables(analysis, paper)) {
    text += text.empty() ? "" : "\n";
    if (options.form == "latex") text += table.latex();
    if (options.form == "markdown") text += table.markdown();
    if (options.form == "csv") text += table.csv();
    if (options.form.empty()) text += table.caption + "\n" + table.text();
  }
  print_or_write(options.output, text);
  for (const std::string& note : analysis.notes) fmt::print(stderr, "note: {}\n", note);
}

}  // namespace al_mpi
