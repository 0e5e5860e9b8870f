#include "launch.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include "status.hpp"
#include <al_mpi/base/log.hpp>
#include <al_mpi/base/spawn.hpp>
#include <al_mpi/sweep/replicate.hpp>
#include <al_mpi/sweep/signals.hpp>
#include <al_mpi/sweep/sweep.hpp>

namespace al_mpi {
namespace {

/// The first line of `mpirun --version`: "mpirun (Open MPI) 4.1.4"; empty if there is no mpirun.
std::string mpirun_version() {
  FILE* pipe = ::popen("mpirun --version 2>/dev/null", "r");
  if (pipe == nullptr) return "";
  char line[256] = "";
  std::string first = std::fgets(line, sizeof line, pipe) != nullptr ? line : "";
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
  }
  ::pclose(pipe);
  return first.substr(0, first.find('\n'));
}

/// launch needs an mpirun that knows mpirun_command()'s options and what they promise.
void check_mpirun() {
  const std::string version = mpirun_version();
  for (const char* known : {"(Open MPI) 4.", "(Open MPI) 5."}) {
    if (version.find(known) != std::string::npos) return;
  }
  throw Error(ExitCode::internal,
              fmt::format("launch needs the mpirun of Open MPI 4 or 5 (Debian: openmpi-bin), whose "
                          "jobs outlive a lost rank; found {}. Without it: al_mpi CONFIG, or "
                          "another MPI's mpirun -n N al_mpi CONFIG",
                          version.empty() ? "none that tells its version" : "'" + version + "'"));
}

/// Runs `command` to its end; how that was, as waitpid says it. A signal that asks to drain is
/// passed on as SIGUSR1: mpirun would kill the ranks a second after a SIGTERM.
int run_to_end(const std::vector<std::string>& command) {
  SpawnOptions options;
  options.arguments = command;
  options.environment = environment_with({});
  options.own_group = true;  // Ctrl-C reaches us alone
  const pid_t pid = spawn(options);
  bool told = false;
  for (;;) {
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) == pid) return status;
    if (leave_signalled()) {
      ::kill(pid, SIGTERM);
    } else if (drain_signalled() && !std::exchange(told, true)) {
      ::kill(pid, SIGUSR1);
    }
    ::poll(nullptr, 0, 50);
  }
}

std::vector<std::string> mpirun_command(const LaunchArguments& arguments) {
  std::vector<std::string> command = {"mpirun",
                                      "--enable-recovery",
                                      "--oversubscribe",
                                      "--bind-to",
                                      "none",
                                      "-n",
                                      std::to_string(arguments.n_ranks)};
  if (::geteuid() == 0) command.insert(command.begin() + 1, "--allow-run-as-root");
  command.push_back(std::filesystem::read_symlink("/proc/self/exe").string());
  command.insert(command.end(), arguments.sweep.begin(), arguments.sweep.end());
  return command;
}

/// mpirun may return 0 whatever happened, so errors of the user are found before it starts.
SweepConfig checked_config(const LaunchArguments& arguments) {
  SweepArguments sweep;
  sweep.config = arguments.sweep.at(0);
  for (std::size_t i = 1; i < arguments.sweep.size(); ++i) {
    const std::string& word = arguments.sweep[i];
    if (word[0] != '-' && word.find('=') != std::string::npos) sweep.overrides.push_back(word);
  }
  return prepare_sweep(sweep).config;
}

}  // namespace

ExitCode launch(const LaunchArguments& arguments) {
  start_logging();
  install_signal_handlers();
  // mpirun sometimes does not return after a recovery when ranks finalise MPI: they leave by _exit.
  ::setenv("AL_MPI_RECOVERY", "1", 1);
  const SweepConfig config = checked_config(arguments);
  check_mpirun();
  const std::string file = config.results.file;
  for (SweepStatus before = sweep_status(file);;) {
    const int ended = run_to_end(mpirun_command(arguments));
    const SweepStatus after = sweep_status(file);
    const bool unfinished = after.code == ExitCode::unfinished || n_replications_left(config) > 0;
    if (!unfinished || drain_signalled()) return after.code;
    if (after.rounds == before.rounds && after.attempts == before.attempts) {
      if (ended == 0 || WEXITSTATUS(ended) == static_cast<int>(ExitCode::unfinished))
        throw Error(ExitCode::unfinished, "the sweep makes no progress any more");
      throw Error(ExitCode::internal,
                  fmt::format("mpirun {} before anything was computed; it says why above",
                              how_it_ended(ended)));
    }
    before = after;
    spdlog::warn("the sweep is unfinished ({} rounds stored): starting it again", after.rounds);
  }
}

}  // namespace al_mpi
