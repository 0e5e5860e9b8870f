#include <fstream>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "results/sweep_example.hpp"
#include "scratch_folder.hpp"
#include "src/results/journal.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/results/inspect.hpp>
#include <al_mpi/results/reader.hpp>
#include <al_mpi/results/store.hpp>

using namespace al_mpi;
namespace fs = std::filesystem;

namespace {

TrialState state(const ResultsStore& store, int trial) {
  return store.trials()[static_cast<std::size_t>(trial)].state;
}

void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("a finished sweep reads back as it was") {
  const ScratchFolder folder;
  const std::string file = folder.file("results/x.h5");
  {
    auto store = example::open(file);
    for (int t = 7; t >= 0; --t) example::run(*store, t);
    store->snapshot();
  }
  const ResultsTables tables = read_results(file);
  CHECK(tables.complete);
  CHECK(tables.class_names == std::vector<std::string>{"Forest", "River", "SeaLake"});
  CHECK(tables.attributes.at("version_libtorch") == "1.13.1");
  CHECK(tables.attributes.at("config") == "training: {epochs: 3}\n");
  CHECK(tables.attributes.at("hosts") == "node7");
  REQUIRE(tables.trials.size() == 8);
  CHECK(tables.trials[5].spec.key() == "margin_sampling/fps/1");
  CHECK(tables.trials[5].seconds == 12.5);
  REQUIRE(tables.rounds.trial.size() == 24);
  for (std::size_t i = 0; i < 24; ++i) {
    const RoundRecord expected = example::round(tables.trials[i / 3].spec, static_cast<int>(i % 3));
    CHECK(tables.rounds.trial[i] == static_cast<int>(i / 3));
    CHECK(tables.rounds.round[i] == static_cast<int>(i % 3));
    CHECK(tables.rounds.n_labeled[i] == expected.n_labeled);
    CHECK(tables.rounds.metrics.at("accuracy")[i] == metric(expected, "accuracy"));
    CHECK(std::isnan(tables.rounds.metrics.at("nll")[i]) == (i % 3 == 0));
    CHECK(tables.rounds.weights_hash[i] == 0xf0 + i % 3);
    for (std::size_t p = 0; p < 2; ++p) {
      CHECK(tables.picks.index[2 * i + p] == expected.picks[p].index);
      CHECK(tables.picks.score[2 * i + p] == expected.picks[p].score);
      CHECK(tables.picks.order[2 * i + p] == static_cast<int>(p));
    }
    for (std::size_t c = 0; c < 9; ++c) CHECK(tables.confusion[9 * i + c] == expected.confusion[c]);
    for (std::size_t c = 0; c < 6; ++c) {
      CHECK(tables.calibration[6 * i + c] == expected.calibration[c]);
    }
  }
  CHECK(tables.attempts.size() == 8);
  CHECK(tables.attempts[0].outcome == "done");
}

TEST_CASE("the same command again continues, and more seeds extend the grid") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  {
    auto store = example::open(file);
    example::run(*store, 3);
    store->started(0, 2, "node8", "cuda:1", 1);
    example::take(*store, example::round(store->trials()[0].spec, 0));
    store->commit();
  }  // trial 0 is left running
  auto store = example::open(file, example::grid({2, 3}));
  REQUIRE(store->trials().size() == 12);
  CHECK(state(*store, 3) == TrialState::done);
  CHECK(state(*store, 0) == TrialState::pending);
  CHECK(store->rounds_done(0) == 1);
  CHECK(store->trials()[0].attempts == 1);
  CHECK(store->trials()[3].spec.key() == "margin_sampling/random/2");  // kept its number
  CHECK(store->trials()[8].spec.key() == "random_sampling/random/3");
  CHECK(store->attempts(0)[0].outcome == "interrupted");
  CHECK(ResultsStore::stored_provenance(file)->config_yaml == example::provenance().config_yaml);
}

TEST_CASE("other settings, another dataset and another LibTorch are refused") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  { example::open(file); }
  Provenance other = example::provenance();
  other.settings_fingerprint = "00000000000000ac";
  CHECK_THROWS_WITH(ResultsStore::open({file, 30, false}, other, example::grid()),
                    Contains("made with another configuration"));
  other = example::provenance();
  other.dataset_fingerprint = "00000000000000ac";
  CHECK_THROWS_AS(ResultsStore::open({file, 30, false}, other, example::grid()), ConfigError);
  other = example::provenance();
  other.versions[0].second = "2.15.0";
  CHECK_THROWS_WITH(ResultsStore::open({file, 30, false}, other, example::grid()),
                    Contains("made with another LibTorch (1.13.1, now 2.15.0)"));
  CHECK_NOTHROW(example::open(file));  // and the lock is free again
}

TEST_CASE("programs that join a sweep later are remembered beside those that began it") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  Provenance with = example::provenance();
  with.versions.emplace_back("external_mine", "sh mine.sh (1)");
  { ResultsStore::open({file, 30, false}, with, example::grid()); }
  Provenance later = example::provenance();
  later.versions.emplace_back("external_other", "sh other.sh (2)");
  { ResultsStore::open({file, 30, false}, later, example::grid())->snapshot(); }
  with.versions.emplace_back("external_other", "sh other.sh (2)");
  CHECK(ResultsStore::stored_provenance(file)->versions == with.versions);
  CHECK(read_results(file).attributes.at("version_external_other") == "sh other.sh (2)");
}

TEST_CASE("classes that nobody named are numbers, as many as the confusion matrices have rows") {
  const ScratchFolder folder;
  Provenance nameless = example::provenance();
  nameless.class_names.clear();
  auto store = ResultsStore::open({folder.file("x.h5"), 0, false}, nameless, example::grid());
  example::run(*store, 3);
  store->snapshot();
  CHECK(read_results(folder.file("x.h5")).class_names == std::vector<std::string>{"0", "1", "2"});
}

TEST_CASE("a confusion matrix that is none, or of other classes, is refused") {
  const ScratchFolder folder;
  auto store = example::open(folder.file("x.h5"));
  store->started(0, 0, "h", "cpu", 1);
  RoundRecord record = example::round(store->trials()[0].spec, 0);
  record.confusion.resize(8);
  CHECK_THROWS_WITH(example::take(*store, record), Contains("8 numbers are no square matrix"));
  record.confusion.resize(16);
  CHECK_THROWS_WITH(example::take(*store, record), Contains("4 x 4 for 3 classes"));
  record.confusion.clear();
  CHECK(example::take(*store, record) == ResultsStore::Taken::stored);
}

TEST_CASE("a calibration that is none, or of another number of bins, is refused") {
  const ScratchFolder folder;
  auto store = example::open(folder.file("x.h5"));
  store->started(0, 0, "h", "cpu", 1);
  RoundRecord record = example::round(store->trials()[0].spec, 0);
  record.calibration.resize(5);
  CHECK_THROWS_WITH(example::take(*store, record), Contains("5 numbers are no rows of three"));
  record.calibration.resize(6);
  CHECK(example::take(*store, record) == ResultsStore::Taken::stored);
  record.round = 1;
  record.calibration.resize(9);
  CHECK_THROWS_WITH(example::take(*store, record), Contains("9 numbers where 6 are expected"));
}

TEST_CASE("rounds that an earlier version stored without calibration are no contradiction") {
  const ScratchFolder folder;
  auto store = example::open(folder.file("x.h5"));
  store->started(0, 0, "h", "cpu", 1);
  const RoundRecord record = example::round(store->trials()[0].spec, 0);
  RoundRecord earlier = record;
  earlier.calibration.clear();
  CHECK(example::take(*store, earlier) == ResultsStore::Taken::stored);
  CHECK(example::take(*store, record) == ResultsStore::Taken::duplicate);
  store->snapshot();
  CHECK(read_results(folder.file("x.h5")).calibration.empty());
  RoundRecord next = example::round(store->trials()[0].spec, 1);
  CHECK(example::take(*store, next) == ResultsStore::Taken::stored);
  store->snapshot();
  const ResultsTables tables = read_results(folder.file("x.h5"));
  REQUIRE(tables.calibration.size() == 12);
  CHECK(tables.calibration[5] == 0.0);
  CHECK(tables.calibration[11] == 2.0);
  next.calibration[3] += 1e-15;
  CHECK(example::take(*store, next) == ResultsStore::Taken::different);
}

TEST_CASE("a round that comes twice is stored once, and one that differs is told") {
  const ScratchFolder folder;
  auto store = example::open(folder.file("x.h5"));
  store->started(0, 0, "h", "cpu", 1);
  RoundRecord record = example::round(store->trials()[0].spec, 0);
  CHECK(example::take(*store, record) == ResultsStore::Taken::stored);
  CHECK(example::take(*store, record) == ResultsStore::Taken::duplicate);
  record.metrics[3].second = 99;  // seconds_train: times do not count
  CHECK(example::take(*store, record) == ResultsStore::Taken::duplicate);
  const RoundRecord same = record;
  record.metrics[0].second += 1e-12;
  CHECK(example::take(*store, record) == ResultsStore::Taken::different);
  record = same;
  record.picks[1].index += 1;
  CHECK(example::take(*store, record) == ResultsStore::Taken::different);
  record = same;
  record.confusion[4] += 1;
  CHECK(example::take(*store, record) == ResultsStore::Taken::different);
  record = same;
  record.weights_hash = "00000000000000ff";
  CHECK(example::take(*store, record) == ResultsStore::Taken::different);
  CHECK(store->rounds_done(0) == 1);
  record.confusion.pop_back();
  record.round = 1;
  CHECK_THROWS_AS(example::take(*store, record), DataError);
}

TEST_CASE("failures are blamed, given up, forgiven") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  auto store = example::open(file);
  store->started(0, 0, "h", "cpu", 1);
  store->failed(0, "out of memory", false);
  CHECK(state(*store, 0) == TrialState::pending);
  CHECK(store->blamed(0) == 1);
  store->started(0, 1, "h", "cpu", 1);
  store->interrupted(0);
  CHECK(store->blamed(0) == 1);
  store->started(0, 1, "h", "cpu", 1);
  store->failed(0, "out of memory again", true);
  store->started(1, 1, "h", "cpu", 1);
  store->failed(1, "died", true, true);
  store->commit();
  store.reset();
  store = example::open(file);
  CHECK(state(*store, 0) == TrialState::failed);
  CHECK(store->trials()[0].error == "out of memory again");
  CHECK(store->trials()[0].attempts == 3);
  CHECK(state(*store, 1) == TrialState::quarantined);
  store->reset_failed();
  CHECK(state(*store, 0) == TrialState::pending);
  CHECK(state(*store, 1) == TrialState::pending);
  CHECK(store->blamed(0) == 0);
  example::run(*store, 0);
  store->commit();
  store.reset();
  store = example::open(file);
  CHECK(state(*store, 0) == TrialState::done);
  CHECK(state(*store, 1) == TrialState::pending);
}

TEST_CASE("reading needs no lock and writes nothing") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  auto store = example::open(file);
  store->started(0, 0, "h", "cpu", 1);
  store->commit();
  CHECK_THROWS_AS(example::open(file), FarmError);
  const std::string before = folder.contents("x.journal");
  auto reader = ResultsStore::open({file, 30, true}, {}, {});
  CHECK(state(*reader, 0) == TrialState::running);
  CHECK_THROWS_AS(reader->commit(), InternalError);
  CHECK(folder.contents("x.journal") == before);
}

TEST_CASE("a done trial's checkpoint goes after the commit") {
  const ScratchFolder folder;
  auto store = example::open(folder.file("x.h5"));
  const std::string checkpoint = store->checkpoint_path(0);
  overwrite(checkpoint, "state");
  store->started(0, 0, "h", "cpu", 1);
  store->done(0, 1.0);
  CHECK(fs::exists(checkpoint));
  store->commit();
  CHECK_FALSE(fs::exists(checkpoint));
}

TEST_CASE("a checkpoint lies in its folder whatever the names hold") {
  const ScratchFolder folder;
  std::vector<TrialSpec> grid = {{0, "../../../evil", "ra/ndom", 1, {}},
                                 {1, "x", "y", 1, {{"query.embeddings", "../.."}}}};
  auto store = example::open(folder.file("x.h5"), {grid[1]});
  const fs::path inside = fs::path(folder.file("x.checkpoints"));
  CHECK(fs::path(store->checkpoint_path(0)).parent_path() == inside);
  CHECK(fs::path(store->checkpoint_path(0)).filename().string().find('/') == std::string::npos);
}

TEST_CASE("a damaged line is survived, and what it held is run again") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  {
    auto store = example::open(file);
    example::run(*store, 0);
    example::run(*store, 1);
  }
  std::string bytes = folder.contents("x.journal");
  bytes[bytes.find("\"round\":1")] = '#';
  overwrite(folder.file("x.journal"), bytes);
  auto store = example::open(file);
  CHECK(state(*store, 0) == TrialState::pending);
  CHECK(store->rounds_done(0) == 1);
  CHECK(state(*store, 1) == TrialState::done);
  store->started(0, 0, "h", "cpu", 1);
  for (int r = 0; r < 3; ++r) {
    CHECK(example::take(*store, example::round(store->trials()[0].spec, r)) ==
          (r == 1 ? ResultsStore::Taken::stored : ResultsStore::Taken::duplicate));
  }
  store->done(0, 1);
  CHECK(state(*store, 0) == TrialState::done);
}

TEST_CASE("what the journal lost is taken from the results file") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  {
    auto store = example::open(file);
    for (int t = 0; t < 4; ++t) example::run(*store, t);
    store->started(4, 0, "h", "cpu", 1);
    store->failed(4, "diverged", true);
    store->snapshot();
  }
  const std::string whole = folder.contents("x.journal");
  SECTION("one line") {
    std::string bytes = whole;
    bytes[bytes.find("\"round\":1")] = '#';
    overwrite(folder.file("x.journal"), bytes);
  }
  SECTION("the whole journal") {
    fs::remove(folder.file("x.journal"));
  }
  SECTION("all but nothing, after a power cut") {
    overwrite(folder.file("x.journal"), std::string(4096, '\0'));
  }
  auto store = example::open(file);
  for (int t = 0; t < 4; ++t) {
    CHECK(state(*store, t) == TrialState::done);
    CHECK(example::take(*store, example::round(store->trials()[0].spec, t % 3)) ==
          ResultsStore::Taken::duplicate);
  }
  CHECK(state(*store, 4) == TrialState::failed);
  CHECK(store->trials()[4].error == "diverged");
  CHECK(state(*store, 5) == TrialState::pending);
}

TEST_CASE("a damaged journal is written anew once, and the damaged one is kept") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  {
    auto store = example::open(file);
    for (int t = 0; t < 4; ++t) example::run(*store, t);
    store->snapshot();
  }
  std::string bytes = folder.contents("x.journal");
  bytes.replace(bytes.find("\"round\":1"), 40, std::string(40, '\0'));
  overwrite(folder.file("x.journal"), bytes);
  { example::open(file)->commit(); }
  CHECK(folder.contents("x.journal.damaged") == bytes);
  const std::string repaired = folder.contents("x.journal");
  CHECK(verify_results(file).problems.empty());
  { example::open(file)->commit(); }
  CHECK(folder.contents("x.journal") == repaired);
  CHECK(state(*example::open(file), 0) == TrialState::done);
}

TEST_CASE("garbage in the journal's place is set aside where the results file knows better") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  {
    auto store = example::open(file);
    example::run(*store, 0);
    store->snapshot();
  }
  overwrite(folder.file("x.journal"), "dear diary\n");
  CHECK(state(*example::open(file), 0) == TrialState::done);
  CHECK(folder.contents("x.journal.damaged") == "dear diary\n");
  CHECK(verify_results(file).problems.empty());
}

TEST_CASE("records doubled and out of order lead to the same state") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  {
    auto store = example::open(file);
    example::run(*store, 0);
    store->started(1, 0, "h", "cpu", 1);
    store->failed(1, "no luck", true);
    store->commit();
  }
  std::vector<std::string> lines;
  std::istringstream text(folder.contents("x.journal"));
  for (std::string line; std::getline(text, line);) lines.push_back(line + "\n");
  std::string shuffled;
  for (std::size_t i = lines.size(); i-- > 0;) shuffled += lines[i] + lines[i];  // backwards, twice
  overwrite(folder.file("x.journal"), shuffled);
  auto store = example::open(file);
  int done = 0, failed = 0;
  for (const auto& record : store->trials()) {
    done += record.state == TrialState::done && record.spec.key() == "random_sampling/random/1";
    failed += record.state == TrialState::failed && record.error == "no luck";
  }
  CHECK(done == 1);
  CHECK(failed == 1);
  CHECK(store->trials().size() == 8);
}

TEST_CASE("records with wild numbers are damage, not crashes") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  { example::open(file); }
  std::ofstream journal(folder.file("x.journal"), std::ios::app);
  for (const char* number : {"1e300", "-1", "1000000000", "18446744073709551615", "\"two\""}) {
    journal << journal_line(fmt::format(
        R"({{"type":"ended","key":"random_sampling/random/1","attempt":{},"outcome":"done","seconds":1}})",
        number));
  }
  journal.close();
  auto store = example::open(file);
  CHECK(state(*store, 0) == TrialState::pending);
  CHECK(store->trials()[0].attempts == 0);
}

TEST_CASE("foreign files are never replaced") {
  const ScratchFolder folder;
  overwrite(folder.file("x.h5"), "this is my thesis");
  CHECK_THROWS_AS(example::open(folder.file("x.h5")), DataError);
  CHECK(folder.contents("x.h5") == "this is my thesis");
  overwrite(folder.file("y.journal"), "dear diary\n");
  CHECK_THROWS_WITH(example::open(folder.file("y.h5")), Contains("is no journal of al_mpi"));
  overwrite(folder.file("z.journal"), "dear diary");
  CHECK_THROWS_AS(example::open(folder.file("z.h5")), DataError);
  CHECK(folder.contents("z.journal") == "dear diary");
  CHECK_THROWS_AS(example::open("/proc/nowhere/x.h5"), DataError);
}

TEST_CASE("a full disk is an error, and what was committed stays") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  {
    auto store = example::open(file);
    example::run(*store, 0);
    struct rlimit before {};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto size = fs::file_size(folder.file("x.journal"));
    const struct rlimit small { size + 100, before.rlim_max };
    setrlimit(RLIMIT_FSIZE, &small);
    store->started(1, 0, "h", "cpu", 1);
    CHECK_THROWS_WITH(store->commit(),
                      Contains("x.journal: could not be written (File too large)"));
    CHECK_THROWS_AS(store->commit(), DataError);  // and stays one
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK(fs::file_size(folder.file("x.journal")) == size);
  }
  auto store = example::open(file);
  CHECK(state(*store, 0) == TrialState::done);
  CHECK(state(*store, 1) == TrialState::pending);
}

TEST_CASE("a snapshot that does not fit leaves the last one whole") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  auto store = example::open(file);
  example::run(*store, 0);
  store->snapshot();
  const std::string before_bytes = folder.contents("x.h5");
  struct rlimit before {};
  getrlimit(RLIMIT_FSIZE, &before);
  const struct rlimit small { 4096, before.rlim_max };
  setrlimit(RLIMIT_FSIZE, &small);
  CHECK_THROWS_AS(store->snapshot(), Error);
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK(folder.contents("x.h5") == before_bytes);
  CHECK_NOTHROW(store->snapshot());
  int files = 0;
  for (const auto& entry : fs::directory_iterator(folder.path())) files += entry.is_regular_file();
  CHECK(files == 3);  // results, journal, lock: no temporary is left
}

TEST_CASE("snapshots come by themselves while rounds arrive") {
  const ScratchFolder folder;
  const std::string file = folder.file("x.h5");
  auto store = example::open(file);
  for (int t = 0; t < 8; ++t) {
    example::run(*store, t);
    store->snapshot_if_due();
  }
  while (!fs::exists(file)) store->snapshot_if_due();
  CHECK(read_results(file).trials.size() == 8);
}

TEST_CASE("files are made with the user's umask") {
  const ScratchFolder folder;
  const mode_t before = umask(027);
  {
    auto store = example::open(folder.file("x.h5"));
    store->snapshot();
    for (const char* name : {"x.h5", "x.journal"}) {
      struct stat status {};
      stat(folder.file(name).c_str(), &status);
      CHECK((status.st_mode & 0777) == 0640);
    }
  }
  umask(before);
}

TEST_CASE("pictures and the map are made for the lowest seeds, and read back as they were") {
  const ScratchFolder folder;
  StoreOptions options;
  options.file = folder.file("x.h5");
  std::vector<ShownTrial> shown;
  options.illustrate = [&](const std::vector<ShownTrial>& trials, ResultsTables& tables) {
    shown = trials;
    tables.pictures = {{"pool-5", std::string("\x89PNG\0\n", 6)}, {"pool-17", "x"}};
    tables.map.embeddings = "simclr";
    tables.map.shares = {0.5, 0.25};
    tables.map.n_even = 1;
    tables.map.index = {0, 17};
    tables.map.label = {2, -1};
    tables.map.x = {0.5, 1.5};
    tables.map.y = {-1, 1};
  };
  auto store = ResultsStore::open(options, example::provenance(), example::grid({2, 1}));
  for (const int trial : {0, 1, 3}) example::run(*store, trial);  // seed 2 twice, seed 1
  store->snapshot();
  REQUIRE(shown.size() == 2);
  CHECK(shown[0].spec.key() == "margin_sampling/random/1");
  CHECK(shown[1].spec.key() == "random_sampling/random/2");  // seed 1 has no round yet
  REQUIRE(shown[0].picks.size() == 3);
  CHECK(shown[0].picks[2][0].index == 21);
  const ResultsTables without = read_results(options.file);
  CHECK(without.pictures.empty());
  CHECK(without.map.index.empty());
  ReadWhat what;
  what.pictures = true;
  const ResultsTables tables = read_results(options.file, what);
  REQUIRE(tables.pictures.size() == 2);
  CHECK(tables.pictures.at("pool-5") == std::string("\x89PNG\0\n", 6));
  CHECK(tables.map.embeddings == "simclr");
  CHECK(tables.map.shares[1] == 0.25);
  CHECK(tables.map.n_even == 1);
  CHECK(tables.map.label == std::vector<std::int64_t>{2, -1});
  CHECK(tables.map.y == std::vector<double>{-1, 1});
}

TEST_CASE("pictures that cannot be made cost no numbers") {
  const ScratchFolder folder;
  StoreOptions options;
  options.file = folder.file("x.h5");
  options.illustrate = [](const std::vector<ShownTrial>&, ResultsTables&) {
    throw DataError("tiles.h5", "", "is gone");
  };
  auto store = ResultsStore::open(options, example::provenance(), example::grid());
  example::run(*store, 3);
  store->snapshot();
  CHECK(read_results(options.file).rounds.trial.size() == 3);
}
