#pragma once

#include <string>
#include <vector>

namespace al_mpi {

/// One cell. NaN prints as "-" (CSV: empty).
struct TableCell {
  enum class Kind { text, number, p_value, plus_minus, range };

  TableCell(std::string words) : text(std::move(words)) {}
  TableCell(const char* words) : text(words) {}
  TableCell(double value, int digits) : kind(Kind::number), first(value), decimals(digits) {}
  static TableCell count(double value) { return {value, 0}; }
  static TableCell p_value(double p);                    ///< "<0.0001" below that
  static TableCell plus_minus(double mean, double std);  ///< two columns of a CSV file
  static TableCell range(double low, double high);       ///< two columns of a CSV file

  Kind kind = Kind::text;
  std::string text;
  double first = 0.0, second = 0.0;
  int decimals = 4;
  bool strong = false;  ///< bold: significant, or the best of its column
  std::string mark;     ///< behind the number: "*"

  bool is_numeric() const { return kind == Kind::number || kind == Kind::p_value; }
  std::string shown() const;  ///< for people, without the mark
  std::string marked() const { return shown() + mark; }
  std::string exact() const;  ///< for programs: every digit
};

/// A table for people and programs, written in four ways.
struct Table {
  std::string name;     ///< of its files: summary, comparisons, ...
  std::string caption;  ///< one sentence that tells how to read it
  std::vector<std::string> columns;
  std::vector<std::vector<TableCell>> rows;  ///< each as long as `columns`
  bool long_form = false;                    ///< for programs: CSV only
  std::vector<std::string> says = {};        ///< what it shows, in plain sentences
  /// Rows before which a rule stands; a text that the first column repeats between two rules is
  /// written once (LaTeX only).
  std::vector<std::size_t> rules = {};

  std::string csv() const;  ///< RFC 4180
  std::string markdown() const;
  std::string latex() const;  ///< booktabs; a whole table environment
  std::string text() const;   ///< aligned with spaces, for a terminal
};

}  // namespace al_mpi
