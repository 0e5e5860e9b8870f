#pragma once

#include <optional>
#include <string>
#include <vector>

#include "import_log.hpp"
#include "tools/aggregate/figures/figures.hpp"
#include "tools/aggregate/study/analysis.hpp"
#include "tools/aggregate/tables/paper_options.hpp"

namespace al_mpi {

struct AggregateOptions {
  std::vector<std::string> results;
  std::string output;  ///< folder; created
  std::vector<FigureFormat> formats = {FigureFormat::svg,
                                       FigureFormat::png};  ///< empty: no figures
  FigureStyle style = FigureStyle::paper;
  std::vector<std::string> bounds;  ///< results files of bounds, see read_bounds()
  AnalysisOptions analysis;
};

/// al_aggregate RESULTS... --output DIR: tables, numbers.json, figures and report.html; prints the
/// main table.
void aggregate(const AggregateOptions& options);

/// al_aggregate import-log LOG --output FILE.h5.
void import_log_file(const std::string& log, const std::string& output,
                     const ImportOptions& options);

struct ExportOptions {
  std::vector<std::string> results;
  std::string output;          ///< file; empty: standard output
  std::string metric;          ///< of the reference's log
  bool reference_log = false;  ///< else CSV, a row a round with every metric
};

/// al_aggregate export RESULTS --csv | --reference-log.
void export_results(const ExportOptions& options);

struct CompareOptions {
  std::string a, b;    ///< results files
  std::string output;  ///< folder; empty: only the terminal's table
  AnalysisOptions analysis;
};

/// al_aggregate compare A.h5 B.h5: two sweeps side by side; tables and compare.html in a folder.
void compare(const CompareOptions& options);

struct TablesOptions {
  std::vector<std::string> results;
  std::string output;  ///< file; empty: standard output
  std::string form;    ///< latex | markdown | csv; empty: aligned text
  PaperOptions paper;
  AnalysisOptions analysis;
};

/// al_aggregate tables RESULTS...: the tables that a paper prints.
void print_tables(const TablesOptions& options);

struct WatchOptions {
  std::string results;
  std::string metric;
  double every = 5.0;  ///< seconds
  bool once = false;
};

/// al_aggregate watch RESULTS: a table of what is there so far, again and again until the sweep is
/// complete.
void watch(const WatchOptions& options);

/// Writes `text` to `path`. Throws DataError.
void write_text(const std::string& path, const std::string& text);

}  // namespace al_mpi
