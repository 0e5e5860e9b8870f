#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tools/aggregate/analysis.hpp>
#include <tools/aggregate/import_log.hpp>

namespace al_mpi {

struct AggregateOptions {
  std::vector<std::string> results;
  std::string output;  ///< folder; created
  std::vector<std::string> formats = {"svg", "png"};  ///< of figures: svg, png, pdf; "none" draws nothing
  std::string style = "paper";                        ///< paper | reference
  AnalysisOptions analysis;
};

/// al_aggregate RESULTS... --output DIR: tables, numbers.json, figures and report.html; prints the main table.
void aggregate(const AggregateOptions& options);

/// al_aggregate import-log LOG --output FILE.h5.
void import_log_file(const std::string& log, const std::string& output, const ImportOptions& options);

/// Writes `text` to `path`. Throws DataError.
void write_text(const std::string& path, const std::string& text);

}  // namespace al_mpi
