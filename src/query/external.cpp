#include "external.hpp"

#include <algorithm>
#include <numeric>
#include <sstream>
#include <unordered_set>

#include <ATen/core/Tensor.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <al_mpi/base/command.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/number.hpp>
#include <al_mpi/base/temp_folder.hpp>
#include <al_mpi/io/hdf5.hpp>

namespace al_mpi {
namespace {

/// Writes the arrays of one query, row = index into the pool.
class ArraysFile {
 public:
  ArraysFile(const std::string& path, QueryContext& context)
      : file_(Hdf5File::create(path)), context_(context) {
    const auto last = [](const Indices& indices) {
      return indices.empty() ? -1 : *std::max_element(indices.begin(), indices.end());
    };
    const std::int64_t n =
        std::max({context.pool_size, last(context.unlabeled) + 1, last(context.labeled) + 1});
    all_.resize(static_cast<std::size_t>(n));
    std::iota(all_.begin(), all_.end(), std::int64_t{0});
  }

  void write(const std::vector<std::string>& needs) {
    write_mask("candidate", context_.unlabeled);
    write_mask("labeled", context_.labeled);
    if (context_.labels.size() == context_.labeled.size()) write_labels();
    for (const std::string& array : needs) write_array(array);
    file_.close();
  }

 private:
  void write_mask(const std::string& array, const Indices& marked) {
    std::vector<std::uint8_t> mask(all_.size(), 0);
    for (const std::int64_t index : marked) mask[static_cast<std::size_t>(index)] = 1;
    file_.write(array, mask, {n()});
  }

  void write_labels() {
    std::vector<std::int64_t> labels(all_.size(), -1);
    for (std::size_t i = 0; i < context_.labels.size(); ++i) {
      labels[static_cast<std::size_t>(context_.labeled[i])] = context_.labels[i];
    }
    file_.write("labels", labels, {n()});
  }

  void write_costs() {
    std::vector<double> costs(all_.size(), 1.0);
    for (std::size_t i = 0; i < costs.size() && context_.cost_of; ++i) {
      costs[i] = context_.cost_of(all_[i]);
    }
    file_.write("costs", costs, {n()});
  }

  void write_array(const std::string& array) {
    Predictions& predictions = context_.predictions;
    if (array == "probs") {
      predictions.each_probabilities(all_, rows_of(array, 0));
    } else if (array == "mc_probs") {
      predictions.each_mc_probabilities(all_, context_.options.mc_passes, rows_of(array, 1));
    } else if (array == "features") {
      write_tensor(array, predictions.features(all_));
    } else if (array == "embeddings") {
      write_tensor(array, predictions.embeddings(all_));
    } else if (array == "predicted_losses") {
      write_tensor(array, predictions.predicted_losses(all_));
    } else if (array == "head_weight") {
      write_tensor(array, predictions.head().weight);
    } else if (array == "head_bias") {
      write_tensor(array, predictions.head().bias);
    } else if (array == "costs") {
      write_costs();
    }
  }

  /// Writes batches whose dimension `dim` counts samples.
  Predictions::BatchFn rows_of(const std::string& array, std::size_t dim) {
    return [this, array, dim](std::int64_t first, const at::Tensor& values) {
      if (context_.alive) context_.alive();
      const at::Tensor kept = values.to(at::kFloat).contiguous();
      const Shape count = kept.sizes().vec();
      Shape whole = count, start(count.size(), 0);
      whole[dim] = n();
      start[dim] = first;
      if (first == 0) file_.create_dataset(array, ElementType::float32, whole);
      file_.write_slab(array, start, count, kept.data_ptr<float>());
    };
  }

  void write_tensor(const std::string& array, const at::Tensor& values) {
    const at::Tensor kept = values.to(at::kFloat).contiguous();
    file_.write(array, kept.data_ptr<float>(), kept.sizes().vec());
  }

  std::int64_t n() const { return static_cast<std::int64_t>(all_.size()); }

  Hdf5File file_;
  QueryContext& context_;
  Indices all_;
};

std::string after_last_words(const std::string& last_words) {
  return last_words.empty() ? "" : ": " + last_words;
}

/// "0,17,0.25" -> its fields; false where the line has another form.
bool parse_line(const std::string& line, std::int64_t order, Pick& pick) {
  const std::size_t first = line.find(','), second = line.find(',', first + 1);
  std::int64_t told = -1;
  return second != std::string::npos && parse_number(line.substr(0, first), told) &&
         told == order && parse_number(line.substr(first + 1, second - first - 1), pick.index) &&
         parse_number(line.substr(second + 1), pick.score);
}

}  // namespace

std::int64_t external_seed(const QueryContext& context) {
  return static_cast<std::int64_t>(context.rng("external").below(std::uint64_t{1} << 31));
}

Picks read_picks(const std::string& text, const QueryContext& context, const std::string& key) {
  std::istringstream lines(text);
  std::string line;
  const auto next = [&] {
    const bool there = static_cast<bool>(std::getline(lines, line));
    if (there && !line.empty() && line.back() == '\r') line.pop_back();
    return there;
  };
  if (!next()) throw ConfigError(key, "nothing was printed, 'order,index,score' was expected");
  if (line != "order,index,score") {
    throw ConfigError(key, fmt::format("the first line printed is '{}', not 'order,index,score'",
                                       line.substr(0, 60)));
  }
  Picks picks;
  std::unordered_set<std::int64_t> seen;
  while (next()) {
    Pick pick;
    const auto order = static_cast<std::int64_t>(picks.size());
    if (!parse_line(line, order, pick)) {
      throw ConfigError(key, fmt::format("line {} printed is '{}', not '{},index,score'", order + 2,
                                         line.substr(0, 60), order));
    }
    if (!std::binary_search(context.unlabeled.begin(), context.unlabeled.end(), pick.index)) {
      const bool labeled = std::find(context.labeled.begin(), context.labeled.end(), pick.index) !=
                           context.labeled.end();
      throw ConfigError(key, fmt::format("index {} was picked, which is {}", pick.index,
                                         labeled ? "labelled already" : "no candidate"));
    }
    if (!seen.insert(pick.index).second) {
      throw ConfigError(key, fmt::format("index {} was picked twice", pick.index));
    }
    picks.push_back(pick);
  }
  if (static_cast<std::int64_t>(picks.size()) != context.n) {
    throw ConfigError(key, fmt::format("{} were picked, {} are wanted", picks.size(), context.n));
  }
  return picks;
}

Picks ask_external_strategy(const std::string& name, const ExternalStrategy& asked,
                            QueryContext& context) {
  const std::string key = "external.strategies." + name;
  if (const std::string file = changed_file(asked.program); !file.empty()) {
    throw ConfigError(key, file + " has changed since the sweep was started");
  }
  const TempFolder scratch;
  const std::string arrays = scratch.path() + "/arrays.h5";
  ArraysFile(arrays, context).write(asked.needs);

  Command command;
  command.arguments = asked.program.command;
  for (const auto& [option, value] : {std::pair<const char*, std::string>{"--input", arrays},
                                      {"--n", std::to_string(context.n)},
                                      {"--seed", std::to_string(external_seed(context))},
                                      {"--round", std::to_string(context.round)}}) {
    command.arguments.insert(command.arguments.end(), {option, value});
  }
  command.environment = {"PYTHONHASHSEED=0"};  // the order of Python's sets is not to be random
  command.time_limit = asked.time_limit;
  command.most_output = (std::size_t{1} << 20) + 200 * static_cast<std::size_t>(context.n);
  command.scratch = scratch.path();
  command.alive = context.alive;
  const CommandEnd end = run_command(command);
  if (!end.problem.empty()) {
    throw Error(ExitCode::internal, fmt::format("{}: the command {}{}", key, end.problem,
                                                after_last_words(end.last_words)));
  }
  try {
    return read_picks(end.output, context, key);
  } catch (const ConfigError& error) {
    const std::string problem = std::string(error.what()).substr(key.size() + 2);
    throw ConfigError(key, end.last_words.empty()
                               ? problem
                               : fmt::format("{} (its last words: {})", problem, end.last_words));
  }
}

}  // namespace al_mpi
