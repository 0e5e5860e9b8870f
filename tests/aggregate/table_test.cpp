#include <limits>

#include "tools/aggregate/tables/table.hpp"

#include "catch.hpp"

using namespace al_mpi;

namespace {

const double nan_value = std::numeric_limits<double>::quiet_NaN();

Table made_table() {
  Table table{"made", "Values of a_b & c.", {"who", "score", "n", "p"}, {}};
  table.rows.push_back({"a, \"b\"", TableCell::plus_minus(0.5, 0.25), TableCell::count(3),
                        TableCell::p_value(1e-9)});
  table.rows.push_back({"x_y|z", TableCell::plus_minus(0.123456, nan_value),
                        TableCell::count(nan_value), TableCell::p_value(0.0321)});
  table.rows[1][3].strong = true;
  return table;
}

}  // namespace

TEST_CASE(
    "CSV keeps every digit, splits mean and deviation, quotes, and leaves missing values empty") {
  CHECK(made_table().csv() ==
        "who,score mean,score std,n,p\n"
        "\"a, \"\"b\"\"\",0.5,0.25,3,1e-09\n"
        "x_y|z,0.123456,,,0.0321\n");
}

TEST_CASE("Markdown is a table for people") {
  CHECK(made_table().markdown() ==
        "Values of a_b & c.\n\n"
        "| who | score | n | p |\n"
        "| --- | --- | ---: | ---: |\n"
        "| a, \"b\" | 0.5000 ± 0.2500 | 3 | <0.0001 |\n"
        "| x_y\\|z | 0.1235 | - | **0.0321** |\n");
}

TEST_CASE("LaTeX uses booktabs and escapes what is special") {
  const std::string latex = made_table().latex();
  CHECK_THAT(latex, Contains("\\begin{tabular}{lcrr}\n  \\toprule"));
  CHECK_THAT(latex, Contains("\\caption{Values of a\\_b \\& c.}"));
  CHECK_THAT(latex, Contains("0.5000 $\\pm$ 0.2500 & 3 & $<$0.0001 \\\\"));
  CHECK_THAT(latex, Contains("x\\_y$|$z & 0.1235 & - & \\textbf{0.0321} \\\\\n  \\bottomrule"));
}

TEST_CASE("terminal columns are aligned, numbers to the right") {
  CHECK(made_table().text() ==
        "who     score            n        p\n"
        "a, \"b\"  0.5000 ± 0.2500  3  <0.0001\n"
        "x_y|z   0.1235           -   0.0321\n");
}

TEST_CASE("zero has no sign, and sentences stand before the rows") {
  CHECK(TableCell(-0.0001, 2).shown() == "0.00");
  CHECK(TableCell(-0.01, 2).shown() == "-0.01");
  CHECK(TableCell::range(-0.00001, 0.5).shown() == "0.0000 to 0.5000");
  Table table = made_table();
  table.says = {"One thing.", "Another."};
  CHECK_THAT(table.markdown(), Contains("Values of a_b & c.\n\n- One thing.\n- Another.\n\n| who"));
}
