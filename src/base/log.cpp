#include <al_mpi/base/log.hpp>

#include <cstdlib>

#include <spdlog/sinks/stdout_sinks.h>

namespace al_mpi {

void start_logging(const std::string& who) {
  auto logger =
      std::make_shared<spdlog::logger>("al_mpi", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(who.empty() ? "%H:%M:%S %l %v" : "%H:%M:%S " + who + " %l %v");
  if (const char* level = std::getenv("AL_MPI_LOG")) {
    logger->set_level(spdlog::level::from_str(level));
  }
  spdlog::set_default_logger(logger);
}

}  // namespace al_mpi
