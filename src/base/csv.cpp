#include <al_mpi/base/csv.hpp>

#include <algorithm>
#include <cctype>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/text.hpp>

namespace al_mpi {
namespace {

/// The fields of the line that begins at `at`, which moves behind it.
std::vector<std::string> fields(const std::string& text, std::size_t& at, char separator,
                                const std::string& file) {
  std::vector<std::string> all(1);
  bool quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c != '"') {
        all.back() += c;
      } else if (at + 1 < text.size() && text[at + 1] == '"') {
        all.back() += text[++at];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == separator) {
      all.emplace_back();
    } else if (c == '\n') {
      ++at;
      break;
    } else {
      all.back() += c;
    }
  }
  if (quoted) throw DataError(file, "", "a quotation mark is never closed");
  for (auto& field : all) field = trimmed(field);
  return all;
}

bool equal_without_case(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

}  // namespace

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",;\"\n\r\t") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::optional<std::size_t> CsvTable::column(const std::string& name) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (equal_without_case(columns[i], name)) return i;
  }
  return std::nullopt;
}

CsvTable parse_csv(const std::string& text, const std::string& file) {
  const std::string head = text.substr(0, text.find('\n'));
  const auto count = [&](char c) { return std::count(head.begin(), head.end(), c); };
  char separator = ',';
  for (const char other : {';', '\t'}) {
    if (count(other) > count(separator)) separator = other;
  }
  CsvTable table;
  std::size_t at = text.rfind("\xEF\xBB\xBF", 0) == 0 ? 3 : 0;  // a byte order mark
  table.columns = fields(text, at, separator, file);
  while (at < text.size()) {
    auto row = fields(text, at, separator, file);
    if (row.size() == 1 && row[0].empty()) continue;
    row.resize(table.columns.size());
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace al_mpi
