#include <al_mpi/base/csv.hpp>

#include "catch.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

namespace {

using Row = std::vector<std::string>;

}  // namespace

TEST_CASE("a field is quoted where it would be misread, and reads back") {
  CHECK(csv_field("a b.tif") == "a b.tif");
  CHECK(csv_field("a,b") == "\"a,b\"");
  CHECK(csv_field("say \"so\"") == "\"say \"\"so\"\"\"");
  for (const char* text : {"a,b", "a;b", "a\tb", "a\nb", "\"", "x"}) {
    const CsvTable table = parse_csv("name\n" + csv_field(text) + "\n", "a.csv");
    REQUIRE(table.rows.size() == 1);
    CHECK(table.rows[0][0] == text);
  }
}

TEST_CASE("spreadsheets' separators, line ends and byte order mark are understood") {
  for (const char* text :
       {"Name,cost\na,1\nb,2\n", "Name;cost\r\na;1\r\nb;2", "Name\tcost\n\na\t1\n\nb\t2\n\n",
        "\xEF\xBB\xBFName, cost\na , 1\nb,2,more\n"}) {
    INFO(text);
    const CsvTable table = parse_csv(text, "a.csv");
    CHECK(table.columns == Row{"Name", "cost"});
    CHECK(table.rows == std::vector<Row>{{"a", "1"}, {"b", "2"}});
    CHECK(table.column("name") == 0);
    CHECK(table.column("COST") == 1);
    CHECK_FALSE(table.column("costs"));
  }
}

TEST_CASE("fields that a line lacks are empty, a quotation mark that stays open is refused") {
  CHECK(parse_csv("a,b\n1\n", "a.csv").rows == std::vector<Row>{{"1", ""}});
  CHECK(parse_csv("a", "a.csv").rows.empty());
  CHECK_THROWS_WITH(parse_csv("a\n\"b\n", "x.csv"), "x.csv: a quotation mark is never closed");
}
