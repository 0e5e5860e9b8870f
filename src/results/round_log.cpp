#include "round_log.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/base/huge_pages.hpp>

namespace al_mpi {
namespace {

constexpr std::int64_t rows_a_block = 4096;
constexpr double missing = std::numeric_limits<double>::quiet_NaN();

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

}  // namespace

struct RoundLog::Block {
  std::vector<std::int32_t> trial, round;
  std::vector<std::int64_t> n_labeled;
  std::vector<std::uint64_t> weights_hash;
  std::vector<std::vector<double>> metrics;  // [metric][row], NaN where absent
  std::vector<std::int64_t> confusion;       // [row, K, K]
  std::vector<std::size_t> picks_end = {0};  // picks of row r: picks_end[r] .. picks_end[r + 1]
  std::vector<PickRecord> picks;
};

RoundLog::RoundLog(const RoundLog& other)
    : blocks_(other.blocks_),
      metric_names_(other.metric_names_),
      size_(other.size_),
      n_cells_(other.n_cells_) {
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
  if (n_cells_ == 0) n_cells_ = record.confusion.size();
  if (!record.confusion.empty() && record.confusion.size() != n_cells_) {
    throw DataError(
        "JSON", "confusion",
        fmt::format("{} numbers where {} are expected", record.confusion.size(), n_cells_));
  }
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
  block.confusion.resize(row * n_cells_);  // rows before the first matrix
  block.confusion.insert(block.confusion.end(), record.confusion.begin(), record.confusion.end());
  block.confusion.resize((row + 1) * n_cells_);
  block.picks.insert(block.picks.end(), record.picks.begin(), record.picks.end());
  block.picks_end.push_back(block.picks.size());
  return size_++;
}

const RoundLog::Block& RoundLog::block_of(std::int64_t row) const {
  return *blocks_[static_cast<std::size_t>(row / rows_a_block)];
}

RoundRecord RoundLog::record(std::int64_t row) const {
  const Block& block = block_of(row);
  const auto r = static_cast<std::size_t>(row % rows_a_block);
  RoundRecord record;
  record.trial = block.trial[r];
  record.round = block.round[r];
  record.n_labeled = block.n_labeled[r];
  if (block.weights_hash[r] != 0) record.weights_hash = to_hex(block.weights_hash[r]);
  for (std::size_t id = 0; id < block.metrics.size(); ++id) {
    if (r < block.metrics[id].size())
      record.metrics.emplace_back(metric_names_[id], block.metrics[id][r]);
  }
  const auto slice = [](const auto& values, std::size_t begin, std::size_t end) {
    using Offset = std::ptrdiff_t;
    return std::decay_t<decltype(values)>(
        values.begin() + static_cast<Offset>(std::min(begin, values.size())),
        values.begin() + static_cast<Offset>(std::min(end, values.size())));
  };
  record.confusion = slice(block.confusion, r * n_cells_, (r + 1) * n_cells_);
  record.picks = slice(block.picks, block.picks_end[r], block.picks_end[r + 1]);
  return record;
}

std::vector<std::int64_t> RoundLog::sorted_rows() const {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(size_));
  std::iota(rows.begin(), rows.end(), 0);
  const auto place = [this](std::int64_t row) {
    const Block& block = block_of(row);
    const auto r = static_cast<std::size_t>(row % rows_a_block);
    return std::make_pair(block.trial[r], block.round[r]);
  };
  std::sort(rows.begin(), rows.end(),
            [&](std::int64_t a, std::int64_t b) { return place(a) < place(b); });
  return rows;
}

void RoundLog::fill(ResultsTables& tables) const {
  const std::vector<std::int64_t> rows = sorted_rows();
  auto& rounds = tables.rounds;
  auto& picks = tables.picks;
  for (const auto& name : metric_names_) rounds.metrics[name].assign(rows.size(), missing);
  reserve_huge(tables.confusion, rows.size() * n_cells_);
  tables.confusion.assign(rows.size() * n_cells_, 0);
  std::size_t n_picks = 0;
  for (const auto& block : blocks_) n_picks += block->picks.size();
  for (auto* column : {&rounds.trial, &rounds.round}) column->reserve(rows.size());
  for (auto* column : {&picks.trial, &picks.round, &picks.order}) reserve_huge(*column, n_picks);
  for (auto* column : {&picks.index, &picks.label}) reserve_huge(*column, n_picks);
  reserve_huge(picks.score, n_picks);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Block& block = block_of(rows[i]);
    const auto r = static_cast<std::size_t>(rows[i] % rows_a_block);
    rounds.trial.push_back(block.trial[r]);
    rounds.round.push_back(block.round[r]);
    rounds.n_labeled.push_back(block.n_labeled[r]);
    rounds.weights_hash.push_back(block.weights_hash[r]);
    for (std::size_t id = 0; id < block.metrics.size(); ++id) {
      if (r < block.metrics[id].size()) rounds.metrics[metric_names_[id]][i] = block.metrics[id][r];
    }
    const std::size_t first = r * n_cells_;
    for (std::size_t cell = 0; cell < n_cells_ && first + cell < block.confusion.size(); ++cell) {
      tables.confusion[i * n_cells_ + cell] = block.confusion[first + cell];
    }
    for (std::size_t p = block.picks_end[r]; p < block.picks_end[r + 1]; ++p) {
      picks.trial.push_back(block.trial[r]);
      picks.round.push_back(block.round[r]);
      picks.order.push_back(static_cast<std::int32_t>(p - block.picks_end[r]));
      picks.index.push_back(block.picks[p].index);
      picks.label.push_back(block.picks[p].label);
      picks.score.push_back(block.picks[p].score);
    }
  }
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
    if (name.rfind("seconds_", 0) == 0) continue;
    if (!same(metric(stored, name), value)) return line(name, metric(stored, name), value);
  }
  if (stored.weights_hash != came.weights_hash) {
    return line("weights_hash", stored.weights_hash, came.weights_hash);
  }
  const bool all_zero = std::all_of(stored.confusion.begin(), stored.confusion.end(),
                                    [](std::int64_t count) { return count == 0; });
  const bool both_absent = came.confusion.empty() && all_zero;
  if (stored.confusion != came.confusion && !both_absent) return "the confusion matrices differ";
  return "";
}

}  // namespace al_mpi
