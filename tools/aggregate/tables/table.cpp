#include "table.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <al_mpi/base/csv.hpp>

namespace al_mpi {
namespace {

/// How many columns of a terminal a UTF-8 text takes: the number of its code points.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string escaped_markdown(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '|' ? std::string("\\|") : std::string(1, c);
  return result;
}

std::string escaped_latex(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (text.compare(i, 2, "±") == 0) {  // two bytes of UTF-8
      result += "$\\pm$";
      ++i;
    } else if (text.compare(i, 3, "†") == 0) {  // three
      result += "$\\dagger$";
      i += 2;
    } else if (std::string("&%$#_{}").find(c) != std::string::npos) {
      result += std::string("\\") + c;
    } else if (c == '\\') {
      result += "\\textbackslash{}";
    } else if (c == '<' || c == '>' || c == '|') {
      result += std::string("$") + c + "$";
    } else if (c == '~' || c == '^') {
      result += std::string("\\") + c + "{}";
    } else {
      result += c;
    }
  }
  return result;
}

/// The cell in LaTeX, bold if it is `strong`, with its mark.
std::string latex_cell(const TableCell& cell) {
  const std::string text = escaped_latex(cell.shown());
  const std::string mark =
      cell.mark.empty() ? "" : "\\textsuperscript{" + escaped_latex(cell.mark) + "}";
  return (cell.strong ? "\\textbf{" + text + "}" : text) + mark;
}

bool is_numeric(const Table& table, std::size_t column) {
  return !table.rows.empty() &&
         std::all_of(table.rows.begin(), table.rows.end(),
                     [&](const auto& row) { return row[column].is_numeric(); });
}

/// The value with so many decimals; a value that is rounded to zero has no sign.
std::string rounded(double value, int decimals) {
  const std::string text = fmt::format("{:.{}f}", value, decimals);
  return text.find_first_not_of("-0.") == std::string::npos && text[0] == '-' ? text.substr(1)
                                                                              : text;
}

template <class Format>
std::string joined(std::size_t n, const std::string& separator, const Format& format) {
  std::string result;
  for (std::size_t i = 0; i < n; ++i) result += (i == 0 ? "" : separator) + format(i);
  return result;
}

std::string padded(const std::string& text, std::size_t columns, bool right) {
  const std::string space(columns - std::min(columns, width(text)), ' ');
  return right ? space + text : text + space;
}

}  // namespace

TableCell TableCell::p_value(double p) {
  TableCell cell(p, 4);
  cell.kind = Kind::p_value;
  return cell;
}

TableCell TableCell::plus_minus(double mean, double std) {
  TableCell cell(mean, 4);
  cell.kind = Kind::plus_minus;
  cell.second = std;
  return cell;
}

TableCell TableCell::range(double low, double high) {
  TableCell cell = plus_minus(low, high);
  cell.kind = Kind::range;
  return cell;
}

std::string TableCell::shown() const {
  if (kind == Kind::text) return text;
  if (std::isnan(first)) return "-";
  if (kind == Kind::p_value && first < 0.0001) return "<0.0001";
  const std::string number = rounded(first, decimals);
  if (is_numeric() || std::isnan(second)) return number;
  return fmt::format("{} {} {}", number, kind == Kind::range ? "to" : "±",
                     rounded(second, decimals));
}

std::string TableCell::exact() const {
  if (kind == Kind::text) return csv_field(text);
  const auto number = [](double value) {
    return std::isnan(value) ? "" : fmt::format("{}", value);
  };
  return is_numeric() ? number(first) : number(first) + "," + number(second);
}

std::string Table::csv() const {
  const auto header = [&](std::size_t i) {
    const auto kind = rows.empty() ? TableCell::Kind::text : rows.front()[i].kind;
    if (kind == TableCell::Kind::plus_minus) return columns[i] + " mean," + columns[i] + " std";
    if (kind == TableCell::Kind::range) return columns[i] + " low," + columns[i] + " high";
    return csv_field(columns[i]);
  };
  std::string result = joined(columns.size(), ",", header) + "\n";
  for (const auto& row : rows) {
    result += joined(row.size(), ",", [&](auto i) { return row[i].exact(); }) + "\n";
  }
  return result;
}

std::string Table::markdown() const {
  const auto line = [&](const auto& cell) {
    return "| " + joined(columns.size(), " | ", cell) + " |\n";
  };
  std::string result = caption + "\n\n";
  for (const std::string& sentence : says) result += "- " + sentence + "\n";
  if (!says.empty()) result += "\n";
  result += line([&](auto i) { return escaped_markdown(columns[i]); });
  result += line([&](auto i) { return std::string(is_numeric(*this, i) ? "---:" : "---"); });
  for (const auto& row : rows) {
    result += line([&](auto i) {
      const std::string shown = escaped_markdown(row[i].marked());
      return row[i].strong ? "**" + shown + "**" : shown;
    });
  }
  return result;
}

std::string Table::latex() const {
  const auto line = [&](const auto& cell) {
    return "  " + joined(columns.size(), " & ", cell) + " \\\\\n";
  };
  const auto align = [&](std::size_t i) -> std::string {
    if (is_numeric(*this, i)) return "r";
    return !rows.empty() && rows.front()[i].kind == TableCell::Kind::plus_minus ? "c" : "l";
  };
  std::string result = "% \\usepackage{booktabs}\n\\begin{table}\n  \\centering\\small\n";
  result += fmt::format("  \\caption{{{}}}\n  \\label{{tab:{}}}\n", escaped_latex(caption), name);
  result += "  \\begin{tabular}{" + joined(columns.size(), "", align) + "}\n  \\toprule\n";
  result += line([&](auto i) { return escaped_latex(columns[i]); }) + "  \\midrule\n";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (std::find(rules.begin(), rules.end(), r) != rules.end()) result += "  \\midrule\n";
    const bool repeats = !rules.empty() && r > 0 && rows[r][0].text == rows[r - 1][0].text;
    result += line([&](auto i) { return i == 0 && repeats ? "" : latex_cell(rows[r][i]); });
  }
  return result + "  \\bottomrule\n  \\end{tabular}\n\\end{table}\n";
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    widths.push_back(width(columns[i]));
    for (const auto& row : rows) widths[i] = std::max(widths[i], width(row[i].marked()));
  }
  const auto line = [&](const auto& cell) {
    std::string text = joined(columns.size(), "  ", [&](auto i) {
      return padded(cell(i), widths[i], is_numeric(*this, i));
    });
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::string result = line([&](auto i) { return columns[i]; });
  for (const auto& row : rows) result += line([&](auto i) { return row[i].marked(); });
  return result;
}

}  // namespace al_mpi
