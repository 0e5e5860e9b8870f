#pragma once

#include <optional>
#include <string>
#include <vector>

namespace al_mpi {

/// A text as a field of a CSV file: in quotation marks where a comma, a semicolon, a tab, a
/// quotation mark or a line end would be misread (RFC 4180).
std::string csv_field(const std::string& text);

/// A CSV file as spreadsheets write it: commas, semicolons or tabs between fields, quoted fields,
/// any line ends. Fields have no spaces around them.
struct CsvTable {
  std::vector<std::string> columns;            ///< the first line
  std::vector<std::vector<std::string>> rows;  ///< each as long as `columns`; no empty lines

  /// A column by its name, without case.
  std::optional<std::size_t> column(const std::string& name) const;
};

/// Reads a CSV text. Throws DataError naming `file` where a quotation mark is never closed.
CsvTable parse_csv(const std::string& text, const std::string& file);

}  // namespace al_mpi
