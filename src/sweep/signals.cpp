#include <al_mpi/sweep/signals.hpp>

#include <initializer_list>

#include <signal.h>
#include <time.h>

namespace al_mpi {
namespace {

volatile sig_atomic_t drain_wanted = 0;
volatile sig_atomic_t leave_wanted = 0;
volatile time_t first_signal = 0;

void on_signal(int signal) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  if (drain_wanted == 0) {
    first_signal = now.tv_sec;
    drain_wanted = 1;
  } else if ((signal == SIGINT || signal == SIGTERM) && now.tv_sec > first_signal + 1) {
    leave_wanted = 1;
  }
}

}  // namespace

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;  // without SA_RESTART: a nap ends at once
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGXCPU}) {
    ::sigaction(signal, &action, nullptr);
  }
  struct sigaction hangup {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);
}

bool drain_signalled() {
  return drain_wanted != 0;
}
bool leave_signalled() {
  return leave_wanted != 0;
}

}  // namespace al_mpi
