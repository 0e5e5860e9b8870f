#include "replay.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "table_records.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/base/log.hpp>
#include <al_mpi/base/text.hpp>
#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/io/mapped_file.hpp>
#include <al_mpi/trial/engine_line.hpp>
#include <al_mpi/trial/json.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Adds what NAME.h5 knows and the state lacks.
void rescue(const std::string& results_file, Replay& replay) {
  for (const json& record : records_of(read_results(results_file))) {
    if (record.at("type") == "round") {
      if (!replay.state.add_round(record.get<RoundRecord>()).is_new) continue;
    } else {
      replay.state.apply(record);
    }
    replay.rescued.push_back(record.dump());
  }
}

/// A journal that lost its only record to a kill, or to a power cut (zeros), may be begun anew; a
/// foreign file may not.
bool is_begun_journal(std::string_view bytes) {
  const std::string_view prefix = bytes.substr(0, 16);
  return bytes.find('\n') == std::string_view::npos &&
         std::all_of(prefix.begin(), prefix.end(), [](char c) {
           return c == '\0' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

Files::Files(const std::string& results_file) : results(results_file) {
  const std::string stem = fs::path(results_file).replace_extension().string();
  journal = stem + ".journal";
  damaged = journal + ".damaged";
  lock = stem + ".lock";
  checkpoints = stem + ".checkpoints";
}

Replay replay_journal(const Files& files, bool or_none) {
  Replay replay;
  replay.has_journal = fs::exists(files.journal);
  if (!replay.has_journal) return replay;
  const auto file = MappedFile::map(files.journal);
  const std::string_view bytes(static_cast<const char*>(file->data()),
                               static_cast<std::size_t>(file->size()));
  replay.scan = scan_journal(bytes, [&](std::string_view text) { replay.state.apply_text(text); });
  replay.foreign = replay.scan.n_records == 0 && !is_begun_journal(bytes);
  if (replay.foreign && !or_none) {
    throw DataError(files.journal, "",
                    "is no journal of al_mpi (move it away, or name another results.file)");
  }
  replay.end = replay.scan.end;
  return replay;
}

Replay replay_results(const Files& files) {
  // A journal without a single whole record is damage where the results file is this program's.
  Replay replay = replay_journal(files, fs::exists(files.results));
  const bool lost =
      !replay.has_journal || replay.scan.n_records == 0 || !replay.scan.damaged.empty();
  if (!lost || !fs::exists(files.results)) return replay;
  try {
    rescue(files.results, replay);
  } catch (const DataError& error) {
    if (replay.scan.n_records == 0) throw;  // a foreign file must not be replaced
    spdlog::warn("nothing was taken from the results file: {}", error.what());
  }
  return replay;
}

void report_damage(const Replay& replay, const SweepState& state) {
  const auto& lines = replay.scan.damaged;
  if (!lines.empty()) {
    const std::size_t n_named = std::min<std::size_t>(lines.size(), 3);
    spdlog::warn(
        "{} lines of the journal are damaged (line {}{})", lines.size(),
        fmt::join(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(n_named), ", "),
        lines.size() > n_named ? ", .." : "");
  }
  if (replay.scan.torn) spdlog::info("the journal's last line was torn and is cut");
  if (!replay.rescued.empty())
    spdlog::info("{} records were taken from the results file", replay.rescued.size());
  for (const std::string& key : state.incomplete())
    spdlog::warn("{} lacks rounds: it is run again", key);
}

void repair_journal(const Files& files, Replay& replay) {
  if (replay.scan.damaged.empty() && !replay.foreign) return;
  std::string whole;
  SweepState state;  // throws at what the replay did not take, either
  std::set<std::string, std::less<>> kept;
  const auto keep = [&](std::string_view text) {
    if (kept.emplace(text).second) whole += journal_line(text);
  };
  const auto file = MappedFile::map(files.journal);
  scan_journal({static_cast<const char*>(file->data()), static_cast<std::size_t>(file->size())},
               [&](std::string_view text) {
                 state.apply_text(text);
                 keep(text);
               });
  for (const std::string& text : replay.rescued) keep(text);
  fs::copy_file(files.journal, files.damaged, fs::copy_options::overwrite_existing);
  write_file_atomically(files.journal, whole);
  replay.rescued.clear();
  replay.end = static_cast<std::int64_t>(whole.size());
  spdlog::warn("the journal was written anew without what is damaged; as it was it is kept as {}",
               files.damaged);
}

std::string version_of(const Provenance& provenance, const std::string& library) {
  for (const auto& [name, version] : provenance.versions)
    if (name == library) return version;
  return "";
}

void check_same_provenance(const SweepState& state, const Provenance& now,
                           const std::string& file) {
  if (!state.provenance()) return;
  const Provenance& stored = *state.provenance();
  const auto compare = [&](const char* what, const std::string& before, const std::string& after) {
    if (before.empty() || after.empty() || before == after) return;
    throw ConfigError("results.file",
                      fmt::format("{} was made with another {} ({}, now {}); use that, or "
                                  "another results.file",
                                  file, what, before, after));
  };
  compare("task", stored.task, now.task);
  compare("configuration", stored.settings_fingerprint, now.settings_fingerprint);
  compare("dataset", stored.dataset_fingerprint, now.dataset_fingerprint);
  // Each version rounds differently: a trial's numbers are another's after a hundred steps.
  compare("LibTorch", version_of(stored, "libtorch"), version_of(now, "libtorch"));
}

std::string checkpoint_name(const TrialSpec& spec) {
  return spec.file_stem() + ".checkpoint";
}

ResultsTables with_attributes(ResultsTables tables, const SweepState& state) {
  std::set<std::string> hosts, devices;
  for (const auto& attempt : tables.attempts) {
    if (!attempt.host.empty()) hosts.insert(attempt.host);
    if (!attempt.device.empty()) devices.insert(attempt.device);
  }
  auto& attributes = tables.attributes;
  attributes["created"] = utc(state.created());
  attributes["created_seconds"] = fmt::format("{}", state.created());
  attributes["hosts"] =
      fmt::format("{}", fmt::join(hosts, " ")).substr(0, 60000);  // HDF5: at most 64 KiB
  attributes["devices"] = fmt::format("{}", fmt::join(devices, "; ")).substr(0, 60000);
  attributes["contradictions"] = fmt::format("{}", state.n_contradictions());
  if (!state.provenance()) return tables;
  attributes["config"] = state.provenance()->config_yaml;
  attributes["settings_fingerprint"] = state.provenance()->settings_fingerprint;
  attributes["dataset_fingerprint"] = state.provenance()->dataset_fingerprint;
  const auto& class_counts = state.provenance()->class_counts;
  if (!class_counts.empty()) {
    attributes["class_counts"] = fmt::format("{}", fmt::join(class_counts, " "));
  }
  for (const auto& [name, value] : state.provenance()->versions)
    attributes["version_" + name] = value;
  return tables;
}

}  // namespace al_mpi
