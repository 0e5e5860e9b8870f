#include "costs.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include <al_mpi/base/csv.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/number.hpp>
#include <al_mpi/base/text.hpp>
#include <al_mpi/data/dataset_writer.hpp>
#include <al_mpi/data/label_pool.hpp>

namespace al_mpi {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    throw DataError(path, "", fmt::format("cannot be read ({})", std::strerror(errno)));
  }
  return text;
}

/// Name -> cost.
std::map<std::string, double> read_costs(const std::string& path) {
  const CsvTable table = parse_csv(text_of(path), path);
  const auto name = table.column("name"), cost = table.column("cost");
  if (!name || !cost) {
    throw DataError(path, "",
                    fmt::format("no column '{}' (its first line names the columns name and cost)",
                                name ? "cost" : "name"));
  }
  std::map<std::string, double> costs;
  for (const auto& row : table.rows) {
    double number = 0;
    if (!parse_number(row[*cost], number) || !is_cost(number)) {
      throw DataError(path, "",
                      fmt::format("the label of '{}' costs '{}' (expected a finite number above 0)",
                                  row[*name], row[*cost]));
    }
    if (!costs.emplace(row[*name], number).second) {
      throw DataError(path, "", fmt::format("names '{}' twice", row[*name]));
    }
  }
  return costs;
}

}  // namespace

std::int64_t store_costs(const CostsRequest& request) {
  const auto dataset = open_dataset_or_pool(request.file);
  const Split& pool = dataset->train();
  if (!pool.costs.empty() && !request.force) {
    throw ConfigError("", request.file + " names costs already (--force replaces them)");
  }
  if (pool.names.empty()) {
    throw DataError(request.file, "/train/names", "missing (costs are given by the images' names)");
  }
  const std::map<std::string, double> named = read_costs(request.costs);
  std::vector<double> costs;
  std::int64_t n_not_named = 0;
  std::map<std::string, double> unknown = named;
  for (const std::string& name : pool.names) {
    const auto found = named.find(name);
    costs.push_back(found == named.end() ? 1.0 : found->second);
    n_not_named += found == named.end() ? 1 : 0;
    unknown.erase(name);
  }
  if (!unknown.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, cost] : unknown) names.push_back(name);
    throw DataError(request.costs, "",
                    fmt::format("{} of {} names are not in the pool of {}: {}", names.size(),
                                named.size(), request.file, first_three(names)));
  }
  write_costs(request.file, costs);
  return n_not_named;
}

}  // namespace al_mpi
