#include <al_mpi/results/inspect.hpp>

#include <filesystem>
#include <map>
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "replay.hpp"
#include "table_records.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/io/mapped_file.hpp>
#include <al_mpi/io/sealed_file.hpp>
#include <al_mpi/results/reader.hpp>
#include <al_mpi/trial/json.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

void verify_journal(const Replay& replay, Verification& found) {
  found.notes.push_back(fmt::format("journal: {} records, {} trials", replay.scan.n_records,
                                    replay.state.trials().size()));
  for (const std::int64_t line : replay.scan.damaged) {
    found.problems.push_back(fmt::format("journal: line {} is damaged", line));
  }
  if (replay.scan.torn)
    found.notes.push_back("journal: the last line is torn (it is cut at the next start)");
  if (replay.state.n_contradictions() > 0) {
    found.problems.push_back(fmt::format("journal: {} rounds came twice with other numbers",
                                         replay.state.n_contradictions()));
  }
  for (const std::string& key : replay.state.incomplete()) {
    found.problems.push_back(fmt::format("journal: {} lacks rounds", key));
  }
}

void verify_snapshot(const std::string& file, Replay& replay, Verification& found) {
  const ResultsTables tables = read_results(file);
  std::int64_t stored = 0;
  for (const TrialRecord& trial : replay.state.trials())
    stored += replay.state.rounds_done(trial.spec.trial);
  const auto n = static_cast<std::int64_t>(tables.rounds.trial.size());
  found.notes.push_back(fmt::format("results file: {} rounds; the journal has {}", n, stored));
  if (!replay.has_journal) return;
  for_each_round(tables, [&](const RoundRecord& record) {
    const auto added = replay.state.add_round(record);
    if (added.is_new) {
      found.problems.push_back(
          fmt::format("results file: {} round {} is not in the journal", record.key, record.round));
    } else if (!added.difference.empty()) {
      found.problems.push_back(
          fmt::format("results file: {} round {}: {}", record.key, record.round, added.difference));
    }
  });
}

void verify_checkpoint(const std::string& path, Replay& replay, Verification& found) {
  const std::string name = fs::path(path).filename().string();
  try {
    const json checkpoint = read_sealed_file(path, "al_mpi checkpoint 1", "checkpoint").header;
    const auto key = checkpoint.at("key").get<std::string>();
    const auto rounds = checkpoint.at("rounds").get<std::vector<RoundRecord>>();
    found.notes.push_back(fmt::format("checkpoint {}: {}, {} rounds", name, key, rounds.size()));
    if (replay.state.find(key) < 0) {
      found.problems.push_back(fmt::format("checkpoint {}: no trial has the key {}", name, key));
      return;
    }
    // A round that the journal does not have yet is no problem: checkpoints are for that.
    for (const RoundRecord& record : rounds) {
      const auto added = replay.state.add_round(record);
      if (added.difference.empty()) continue;
      found.problems.push_back(
          fmt::format("checkpoint {}: round {}: {}", name, record.round, added.difference));
    }
  } catch (const json::exception& error) {
    found.problems.push_back(fmt::format("checkpoint {}: {}", name, error.what()));
  } catch (const DataError& error) {
    found.problems.push_back(fmt::format("checkpoint {}", error.what()));
  }
}

}  // namespace

Verification verify_results(const std::string& file) {
  const Files files(file);
  Verification found;
  Replay replay = replay_journal(files);
  if (replay.has_journal) verify_journal(replay, found);
  if (!replay.has_journal) found.notes.push_back("there is no journal");
  if (fs::exists(file)) {
    verify_snapshot(file, replay, found);
  } else if (replay.has_journal) {
    found.notes.push_back("there is no results file yet");
  } else {
    throw DataError(file, "", "there is neither a results file nor its journal");
  }
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(files.checkpoints, none)) {
    if (entry.path().extension() == ".checkpoint")
      verify_checkpoint(entry.path().string(), replay, found);
  }
  return found;
}

int export_journal(const std::string& file, std::ostream& out) {
  const auto mapped = MappedFile::map(Files(file).journal);
  const std::string_view bytes(static_cast<const char*>(mapped->data()),
                               static_cast<std::size_t>(mapped->size()));
  const auto scan = scan_journal(bytes, [&](std::string_view text) { out << text << '\n'; });
  return static_cast<int>(scan.damaged.size());
}

}  // namespace al_mpi
