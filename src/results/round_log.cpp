#include "round_log.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <tuple>

#include <fmt/format.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/catalog/metrics.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t rows_a_block = 4096;
constexpr double missing = std::numeric_limits<double>::quiet_NaN();

std::size_t in_block(std::int64_t row) {
  return static_cast<std::size_t>(row % rows_a_block);
}

std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 0;
  const char* end = text.data() + text.size();
  if (text.empty()) return hash;
  const auto [stop, error] = std::from_chars(text.data(), end, hash, 16);
  if (error != std::errc() || stop != end || text.size() != 16) {
    throw DataError("JSON", "weights_hash", fmt::format("'{}' is no hash of 16 digits", text));
  }
  return hash;
}

bool same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

/// Throws unless a row's array has the size of those before, which is `size` from the first one on.
template <class T>
void check_size(const std::vector<T>& values, std::size_t& size, const char* name) {
  if (size == 0) size = values.size();
  if (values.empty() || values.size() == size) return;
  throw DataError("JSON", name,
                  fmt::format("{} numbers where {} are expected", values.size(), size));
}

/// Appends the array of a row to those of a block: [row, size], zeros for rows without one.
template <class T>
void append(std::vector<T>& all, std::size_t row, std::size_t size, const std::vector<T>& values) {
  all.resize(row * size);  // rows before the first array
  all.insert(all.end(), values.begin(), values.end());
  all.resize((row + 1) * size);
}

template <class T>
Slice<T> slice(const std::vector<T>& all, std::size_t row, std::size_t size) {
  if ((row + 1) * size > all.size()) return {};  // before the first array
  return {all.data() + row * size, size};
}

template <class T>
bool all_zero(const std::vector<T>& values) {
  return std::all_of(values.begin(), values.end(), [](T value) { return value == T{0}; });
}

}  // namespace

struct RoundLog::Block {
  std::vector<std::int32_t> trial, round;
  std::vector<std::int64_t> n_labeled;
  std::vector<std::uint64_t> weights_hash;
  std::vector<std::vector<double>> metrics;  // [metric][row], NaN where absent
  std::vector<std::int64_t> confusion;       // [row, K, K]
  std::vector<double> calibration;           // [row, B, 3]
  std::vector<std::size_t> picks_end = {0};  // picks of row r: picks_end[r] .. picks_end[r + 1]
  std::vector<PickRecord> picks;
};

RoundLog::RoundLog(const RoundLog& other)
    : blocks_(other.blocks_),
      metric_names_(other.metric_names_),
      size_(other.size_),
      n_cells_(other.n_cells_),
      n_calibration_(other.n_calibration_) {
  if (!blocks_.empty()) blocks_.back() = std::make_shared<Block>(*blocks_.back());
}

std::size_t RoundLog::metric_id(const std::string& name) {
  const auto found = std::find(metric_names_.begin(), metric_names_.end(), name);
  if (found != metric_names_.end()) return static_cast<std::size_t>(found - metric_names_.begin());
  metric_names_.push_back(name);
  return metric_names_.size() - 1;
}

std::int64_t RoundLog::add(int trial, const RoundRecord& record) {
  const std::uint64_t hash = hash_of(record.weights_hash);
  check_size(record.confusion, n_cells_, "confusion");
  check_size(record.calibration, n_calibration_, "calibration");
  if (size_ % rows_a_block == 0) blocks_.push_back(std::make_shared<Block>());
  Block& block = *blocks_.back();
  const std::size_t row = block.trial.size();
  block.trial.push_back(trial);
  block.round.push_back(record.round);
  block.n_labeled.push_back(record.n_labeled);
  block.weights_hash.push_back(hash);
  for (const auto& [name, value] : record.metrics) {
    const std::size_t id = metric_id(name);
    if (block.metrics.size() <= id) block.metrics.resize(id + 1);
    block.metrics[id].resize(row + 1, missing);
    block.metrics[id][row] = value;
  }
  append(block.confusion, row, n_cells_, record.confusion);
  append(block.calibration, row, n_calibration_, record.calibration);
  block.picks.insert(block.picks.end(), record.picks.begin(), record.picks.end());
  block.picks_end.push_back(block.picks.size());
  return size_++;
}

const RoundLog::Block& RoundLog::block_of(std::int64_t row) const {
  return *blocks_[static_cast<std::size_t>(row / rows_a_block)];
}

std::size_t RoundLog::n_picks() const {
  std::size_t n = 0;
  for (const auto& block : blocks_) n += block->picks.size();
  return n;
}

std::int32_t RoundLog::trial(std::int64_t row) const {
  return block_of(row).trial[in_block(row)];
}

std::int32_t RoundLog::round(std::int64_t row) const {
  return block_of(row).round[in_block(row)];
}

std::int64_t RoundLog::n_labeled(std::int64_t row) const {
  return block_of(row).n_labeled[in_block(row)];
}

std::uint64_t RoundLog::weights_hash(std::int64_t row) const {
  return block_of(row).weights_hash[in_block(row)];
}

double RoundLog::metric(std::int64_t row, std::size_t id) const {
  const auto& metrics = block_of(row).metrics;
  const std::size_t r = in_block(row);
  return id < metrics.size() && r < metrics[id].size() ? metrics[id][r] : missing;
}

Slice<PickRecord> RoundLog::picks(std::int64_t row) const {
  const Block& block = block_of(row);
  const std::size_t first = block.picks_end[in_block(row)];
  return {block.picks.data() + first, block.picks_end[in_block(row) + 1] - first};
}

Slice<std::int64_t> RoundLog::confusion(std::int64_t row) const {
  return slice(block_of(row).confusion, in_block(row), n_cells_);
}

Slice<double> RoundLog::calibration(std::int64_t row) const {
  return slice(block_of(row).calibration, in_block(row), n_calibration_);
}

RoundRecord RoundLog::record(std::int64_t row) const {
  RoundRecord record;
  record.trial = trial(row);
  record.round = round(row);
  record.n_labeled = n_labeled(row);
  if (weights_hash(row) != 0) record.weights_hash = to_hex(weights_hash(row));
  const auto& metrics = block_of(row).metrics;
  for (std::size_t id = 0; id < metrics.size(); ++id) {
    if (in_block(row) < metrics[id].size())
      record.metrics.emplace_back(metric_names_[id], metrics[id][in_block(row)]);
  }
  record.confusion.assign(confusion(row).begin(), confusion(row).end());
  record.calibration.assign(calibration(row).begin(), calibration(row).end());
  record.picks.assign(picks(row).begin(), picks(row).end());
  return record;
}

std::vector<std::int64_t> RoundLog::sorted_rows() const {
  std::vector<std::tuple<std::int32_t, std::int32_t, std::int64_t>> places;
  places.reserve(static_cast<std::size_t>(size_));
  for (std::int64_t row = 0; row < size_; ++row) places.emplace_back(trial(row), round(row), row);
  std::sort(places.begin(), places.end());
  std::vector<std::int64_t> rows;
  rows.reserve(places.size());
  for (const auto& place : places) rows.push_back(std::get<2>(place));
  return rows;
}

std::string difference(const RoundRecord& stored, const RoundRecord& came) {
  const auto line = [](const std::string& what, const auto& before, const auto& after) {
    return fmt::format("{}: {} is stored, {} came", what, before, after);
  };
  if (stored.n_labeled != came.n_labeled)
    return line("n_labeled", stored.n_labeled, came.n_labeled);
  if (stored.picks.size() != came.picks.size()) {
    return line("number of picks", stored.picks.size(), came.picks.size());
  }
  for (std::size_t i = 0; i < stored.picks.size(); ++i) {
    const PickRecord &a = stored.picks[i], &b = came.picks[i];
    if (a.index != b.index) return line(fmt::format("pick {}", i), a.index, b.index);
    if (a.label != b.label) return line(fmt::format("label of pick {}", i), a.label, b.label);
    if (!same(a.score, b.score)) return line(fmt::format("score of pick {}", i), a.score, b.score);
  }
  for (const auto& [name, value] : came.metrics) {
    if (metric_info(name).wall_clock) continue;
    if (!same(metric(stored, name), value)) return line(name, metric(stored, name), value);
  }
  if (stored.weights_hash != came.weights_hash) {
    return line("weights_hash", stored.weights_hash, came.weights_hash);
  }
  const bool both_absent = came.confusion.empty() && all_zero(stored.confusion);
  if (stored.confusion != came.confusion && !both_absent) return "the confusion matrices differ";
  // An earlier version recorded no calibration.
  const bool one_absent = all_zero(came.calibration) || all_zero(stored.calibration);
  return stored.calibration == came.calibration || one_absent ? "" : "the calibrations differ";
}

}  // namespace al_mpi
