#include <al_mpi/base/error.hpp>

namespace al_mpi {

ConfigError::ConfigError(std::string key, const std::string& problem)
    : Error(ExitCode::config, key.empty() ? problem : key + ": " + problem), key_(std::move(key)) {}

DataError::DataError(std::string file, std::string dataset, const std::string& problem)
    : Error(ExitCode::data,
            dataset.empty() ? file + ": " + problem : file + ": " + dataset + ": " + problem),
      file_(std::move(file)),
      dataset_(std::move(dataset)) {}

FarmError::FarmError(int rank, const std::string& problem, ExitCode code)
    : Error(code, fmt::format("rank {}: {}", rank, problem)), rank_(rank) {}

}  // namespace al_mpi
