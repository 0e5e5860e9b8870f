#include "export_results.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include <al_mpi/base/hash.hpp>
#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/stats/sample.hpp>

namespace al_mpi {
namespace {

/// The name of the published study's class; a strategy that the study lacks is written in the same
/// way ("margin_sampling" -> "MarginSampling").
std::string class_name(const std::string& strategy) {
  for (const StrategyInfo& info : strategy_catalog()) {
    if (info.name == strategy && !info.alias.empty()) return info.alias;
  }
  std::string result;
  bool start = true;
  for (const char c : strategy) {
    if (c != '_')
      result += start ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    start = c == '_';
  }
  return result;
}

std::string uuid(const std::string& key) {
  const std::string hex = to_hex(stable_hash(key, 1)) + to_hex(stable_hash(key, 2));
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

double value_at(const ResultsTables& file, const std::string& metric, std::size_t row) {
  const auto column = file.rounds.metrics.find(metric);
  return column == file.rounds.metrics.end() ? missing : column->second[row];
}

}  // namespace

std::string rounds_csv(const Study& study) {
  const std::vector<std::string> metrics = metrics_of(study);
  std::string text = "dataset,strategy,init,seed,state,round,n_labeled";
  for (const std::string& metric : metrics) text += "," + metric;
  text += "\n";
  const auto out = std::back_inserter(text);
  for (const StudyTrial& trial : study.trials) {
    const ResultsTables& file = study.files[trial.file];
    const TrialSpec& spec = study.record(trial).spec;
    std::string dataset = study.groups[trial.group];
    if (dataset.find_first_of(",\"\n") != std::string::npos)
      dataset = fmt::format("\"{}\"", dataset);
    const std::string start = fmt::format("{},{},{},{},{}", dataset, spec.strategy, spec.init,
                                          spec.seed, name_of(trial.state));
    for (std::size_t row = trial.first_row; row < trial.first_row + trial.n_rows; ++row) {
      fmt::format_to(out, "{},{},{}", start, file.rounds.round[row], file.rounds.n_labeled[row]);
      for (const std::string& metric : metrics) {
        const double value = value_at(file, metric, row);
        text += std::isnan(value) ? "," : fmt::format(",{}", value);
      }
      text += "\n";
    }
  }
  return text;
}

std::string reference_log(const Study& study, const std::string& metric) {
  std::string text;
  const auto out = std::back_inserter(text);
  for (const StudyTrial& trial : study.trials) {
    const ResultsTables& file = study.files[trial.file];
    const TrialSpec& spec = study.record(trial).spec;
    const std::string start = fmt::format("{}_{},{},{}", class_name(spec.strategy), spec.init,
                                          spec.seed, uuid(study.groups[trial.group] + spec.key()));
    for (std::size_t row = trial.first_row; row < trial.first_row + trial.n_rows; ++row) {
      fmt::format_to(out, "{},{}\n", start, value_at(file, metric, row));
    }
  }
  return text;
}

}  // namespace al_mpi
