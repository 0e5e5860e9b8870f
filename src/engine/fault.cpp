#include "fault.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

#include <al_mpi/base/enum_names.hpp>
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

AL_ENUM(Fault, crash, kill, hang, leak, nan, error)

void fail(Fault fault, int round) {
  switch (fault) {
    case Fault::crash:
      std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would report it and leave instead
      std::raise(SIGSEGV);
      break;
    case Fault::kill:
      std::raise(SIGKILL);
      break;
    case Fault::hang:
      hang();
    case Fault::leak:
      leak_until_killed();
    case Fault::nan:
      throw DataError("training", "", fmt::format("diverged in round {}: the loss is NaN", round));
    case Fault::error:
      throw std::runtime_error(fmt::format("injected error in round {}", round));
  }
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
  if (std::atoi(text.c_str() + at + 1) == round) {
    fail(enum_of<Fault>(text.substr(0, at), "AL_MPI_FAULT"), round);
  };
}

}  // namespace al_mpi
