#include "src/results/journal.hpp"

#include <fstream>
#include <set>
#include <sstream>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

namespace {

const std::vector<std::string> texts = {
    R"({"type":"opened","n":1})", R"({"type":"round","a":{"b":[1,2]}})",
    R"({"type":"round","text":"a } in it"})", R"({"type":"done"})"};

std::string whole_journal() {
  std::string bytes;
  for (const auto& text : texts) bytes += journal_line(text);
  return bytes;
}

struct Scanned {
  JournalScan scan;
  std::vector<std::string> taken;
};

Scanned scanned(const std::string& bytes) {
  Scanned result;
  result.scan =
      scan_journal(bytes, [&](std::string_view text) { result.taken.emplace_back(text); });
  return result;
}

/// Byte at which the line of record i begins; one more entry for the end.
std::vector<std::size_t> line_starts() {
  std::vector<std::size_t> starts = {0};
  for (const auto& text : texts) starts.push_back(starts.back() + journal_line(text).size());
  return starts;
}

}  // namespace

TEST_CASE("a whole journal gives its records in order") {
  const auto result = scanned(whole_journal());
  CHECK(result.taken == texts);
  CHECK(result.scan.damaged.empty());
  CHECK_FALSE(result.scan.torn);
  CHECK(result.scan.end == static_cast<std::int64_t>(whole_journal().size()));
}

TEST_CASE("a journal cut at any byte gives every record that is whole") {
  const std::string bytes = whole_journal();
  const auto starts = line_starts();
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    INFO(size);
    const auto result = scanned(bytes.substr(0, size));
    std::size_t whole = 0;  // a record is whole without its line end
    while (whole < texts.size() && starts[whole + 1] - 1 <= size) ++whole;
    REQUIRE(result.taken ==
            std::vector<std::string>(texts.begin(), texts.begin() + static_cast<int>(whole)));
    REQUIRE(result.scan.damaged.empty());
    REQUIRE(result.scan.torn == (size > starts[whole]));
    REQUIRE(result.scan.end == static_cast<std::int64_t>(std::min(size, starts[whole])));
  }
}

TEST_CASE("a flipped byte costs the record it is in, and no other") {
  const std::string bytes = whole_journal();
  const auto starts = line_starts();
  for (const int mask : {0x01, 0x20, 0x80, 0xff}) {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      INFO(at << " " << mask);
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ mask);
      std::vector<std::string> expected;
      for (std::size_t i = 0; i < texts.size(); ++i) {
        const bool in_record =
            at >= starts[i] && at + 1 < starts[i + 1];  // its line end does not count
        if (!in_record) expected.push_back(texts[i]);
      }
      const auto result = scanned(flipped);
      REQUIRE(result.taken == expected);
      REQUIRE((result.scan.torn || !result.scan.damaged.empty()));
    }
  }
}

TEST_CASE("zeros inserted anywhere cost at most the record they are in") {
  const std::string bytes = whole_journal();
  const auto starts = line_starts();
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    INFO(at);
    std::string holed = bytes;
    holed.insert(at, 64, '\0');
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (at <= starts[i] || at >= starts[i + 1] - 1) expected.push_back(texts[i]);
    }
    REQUIRE(scanned(holed).taken == expected);
  }
}

TEST_CASE("doubled and exchanged lines are given as they stand") {
  const std::string line = journal_line(texts[1]);
  CHECK(scanned(whole_journal() + line).taken.size() == texts.size() + 1);
  CHECK(scanned(journal_line(texts[3]) + journal_line(texts[0])).taken ==
        std::vector<std::string>{texts[3], texts[0]});
}

TEST_CASE("a record that is refused counts as damaged, by its line") {
  const auto scan = scan_journal(whole_journal(), [](std::string_view text) {
    if (text == texts[2]) throw DataError("journal", "", "not understood");
  });
  CHECK(scan.damaged == std::vector<std::int64_t>{3});
  CHECK(scan.n_records == 3);
}

TEST_CASE("an appended record is there after commit, behind a cut tail") {
  const ScratchFolder folder;
  const std::string path = folder.file("x.journal");
  std::ofstream(path) << journal_line(texts[0]) << "0123 torn";
  {
    Journal journal(path, static_cast<std::int64_t>(journal_line(texts[0]).size()));
    journal.append(texts[1]);
    journal.commit();
    journal.commit();
    journal.append(texts[2]);  // never committed
  }
  CHECK(scanned(folder.contents("x.journal")).taken ==
        std::vector<std::string>{texts[0], texts[1]});
}

TEST_CASE("a journal that lost its last line end goes on in a new line") {
  const ScratchFolder folder;
  const std::string path = folder.file("x.journal"), line = journal_line(texts[0]);
  std::ofstream(path) << line.substr(0, line.size() - 1);
  {
    Journal journal(path, static_cast<std::int64_t>(line.size() - 1));
    journal.append(texts[1]);
    journal.commit();
  }
  CHECK(scanned(folder.contents("x.journal")).taken ==
        std::vector<std::string>{texts[0], texts[1]});
}

TEST_CASE("a journal that cannot be opened is one line") {
  CHECK_THROWS_WITH(Journal("/nowhere/x.journal", 0),
                    Contains("/nowhere/x.journal: could not be opened"));
}
