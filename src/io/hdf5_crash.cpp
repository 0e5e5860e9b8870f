#include "hdf5_crash.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <hdf5.h>
#include <unistd.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/io/hdf5.hpp>

namespace al_mpi {
namespace {

struct Caught {
  int signal;
  struct sigaction before;
};
std::array<Caught, 4> caught = {{{SIGSEGV, {}}, {SIGBUS, {}}, {SIGFPE, {}}, {SIGABRT, {}}}};
bool contained = false;
int n_reading = 0;
// This memory is fixed, since the crash may have destroyed the heap or used up the stack.
std::array<char, 4096> verdict;
std::array<char, 65536> stack;

void stop_catching() {
  for (const auto& [signal, before] : caught) ::sigaction(signal, &before, nullptr);
}

void on_crash(int signal, siginfo_t* cause, void*) {
  if (cause->si_code <= 0 && cause->si_pid != ::getpid()) {  // another process kills this one
    stop_catching();
    ::raise(signal);
    return;
  }
  // Where nobody reads the line, the exit code alone says it.
  if (::write(2, verdict.data(), std::strlen(verdict.data())) < 0) errno = 0;
  ::_exit(static_cast<int>(ExitCode::data));
}

void start_catching() {
  const stack_t own{stack.data(), 0, stack.size()};
  ::sigaltstack(&own, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (auto& [signal, before] : caught) ::sigaction(signal, &action, &before);
}

}  // namespace

void contain_hdf5_crashes() {
  contained = true;
  // HDF5's exit handler crashes after a failed write; files are closed by their owners anyway. The
  // library's first call registers it, so that this must be the first.
  H5dont_atexit();
}

std::shared_ptr<void> reading(const std::string& file) {
  if (!contained) return nullptr;
  const auto line = fmt::format_to_n(verdict.data(), verdict.size() - 1,
                                     "{}: {}: is damaged (the HDF5 library crashed on it)\n",
                                     program_invocation_short_name, file);
  *line.out = '\0';
  if (++n_reading == 1) start_catching();
  return {nullptr, [](void*) {
            if (--n_reading == 0) stop_catching();
          }};
}

}  // namespace al_mpi
