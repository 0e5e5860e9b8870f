#include "fault.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

[[noreturn]] void leak_until_killed() {
  std::vector<std::vector<char>> leaked;
  for (;;)
    leaked.emplace_back(std::size_t{16} << 20, 'x');  // written, so that it counts as resident
}

[[noreturn]] void hang() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

[[noreturn]] void fail(const std::string& kind, int round) {
  if (kind == "crash") {
    std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would report it and leave instead
    std::raise(SIGSEGV);
  }
  if (kind == "kill") std::raise(SIGKILL);
  if (kind == "hang") hang();
  if (kind == "leak") leak_until_killed();
  if (kind == "nan") {
    throw DataError("training", "", fmt::format("diverged in round {}: the loss is NaN", round));
  }
  if (kind == "error") throw std::runtime_error(fmt::format("injected error in round {}", round));
  throw ConfigError("AL_MPI_FAULT", fmt::format("unknown kind '{}'", kind));
}

}  // namespace

void inject_fault(const std::string& key, int round, int attempt) {
  const char* fault = std::getenv("AL_MPI_FAULT");
  if (fault == nullptr) return;
  const char* attempts = std::getenv("AL_MPI_FAULT_ATTEMPTS");
  if (attempt > (attempts != nullptr ? std::atoi(attempts) : 1)) return;

  const std::string text = fault;
  const auto at = text.find('@');
  if (at == std::string::npos) {
    throw ConfigError("AL_MPI_FAULT", fmt::format("'{}' is not KIND@ROUND[:KEY]", text));
  }
  const auto colon = text.find(':', at);
  if (colon != std::string::npos && key.find(text.substr(colon + 1)) == std::string::npos) return;
  if (std::atoi(text.c_str() + at + 1) == round) fail(text.substr(0, at), round);
}

}  // namespace al_mpi
