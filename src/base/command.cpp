#include <al_mpi/base/command.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <al_mpi/base/spawn.hpp>

namespace al_mpi {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double sign_of_life_every = 2.0;       // seconds
constexpr std::size_t longest_line = 500;        // bytes of last_words
constexpr std::size_t kept_of_errors = 1 << 13;  // bytes

// The shell becomes the program itself: "$@" are its arguments as they are. Before that it leaves a
// watcher in the program's process group, which waits for the end of a pipe that this process holds
// open: should this process be killed, the watcher removes the scratch folder and ends the group.
constexpr const char* watched =
    "exec 3<&0 </dev/null; "
    "{ read -r line; rm -rf \"$AL_MPI_SCRATCH\"; kill -KILL 0; } <&3 3<&- >/dev/null 2>&1 & "
    "exec 3<&-; exec \"$@\"";

/// A running command; its whole process group ends with this object.
class Running {
 public:
  explicit Running(const Command& command) : most_output_(command.most_output) {
    SpawnOptions shell;
    shell.arguments = {"/bin/sh", "-c", watched, "sh"};
    shell.arguments.insert(shell.arguments.end(), command.arguments.begin(),
                           command.arguments.end());
    std::vector<std::string> own = command.environment;
    own.push_back("AL_MPI_SCRATCH=" + command.scratch);
    shell.environment = environment_with(own);
    shell.input = life_.read.fd;
    shell.output = output_.write.fd;
    shell.errors = errors_.write.fd;
    shell.defaults = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU, SIGPIPE};
    shell.own_group = true;
    pid_ = spawn(shell);
    life_.read.close();
    output_.write.close();
    errors_.write.close();
    ::fcntl(output_.read.fd, F_SETFL, O_NONBLOCK);
    ::fcntl(errors_.read.fd, F_SETFL, O_NONBLOCK);
  }
  ~Running() {
    ::kill(-pid_, SIGKILL);
    if (!ended_) ::waitpid(pid_, nullptr, 0);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// Reads what comes within some milliseconds. Whether the program has ended; all it wrote is then
  /// read.
  bool wait() {
    pollfd watched_ends[] = {{output_.read.fd, POLLIN, 0}, {errors_.read.fd, POLLIN, 0}};
    const bool silent = output_.read.fd < 0 && errors_.read.fd < 0;
    ::poll(watched_ends, 2, silent ? 1 : 20);
    ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
    read(output_.read, [this](const char* bytes, std::size_t size) {
      output.append(bytes, std::min(size, most_output_ + 1 - output.size()));
    });
    read(errors_.read, [this](const char* bytes, std::size_t size) {
      if (::write(2, bytes, size) < 0) return;  // nobody reads it
      errors.append(bytes, size);
      if (errors.size() > 2 * kept_of_errors) errors.erase(0, errors.size() - kept_of_errors);
    });
    return ended_;
  }

  bool too_much() const { return output.size() > most_output_; }
  int status() const { return status_; }

  std::string output, errors;

 private:
  template <class Take>
  static void read(Descriptor& end, const Take& take) {
    std::array<char, 65536> buffer;
    while (end.fd >= 0) {
      const ssize_t size = ::read(end.fd, buffer.data(), buffer.size());
      if (size > 0) {
        take(buffer.data(), static_cast<std::size_t>(size));
      } else if (size == 0) {
        end.close();
      } else if (errno != EINTR) {
        return;
      }
    }
  }

  std::size_t most_output_;
  Pipe life_, output_, errors_;
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

std::string last_line_of(const std::string& text) {
  std::istringstream lines(text);
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    for (char& c : line) {
      if (static_cast<unsigned char>(c) < ' ') c = ' ';
    }
    line.erase(line.find_last_not_of(' ') + 1);
    line.erase(0, line.find_first_not_of(' '));
    if (!line.empty()) last = line;
  }
  return last.substr(0, longest_line);
}

}  // namespace

CommandEnd run_command(const Command& command) {
  const auto began = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  Running running(command);
  std::string problem;
  double next_sign = sign_of_life_every;
  while (!running.wait()) {
    if (seconds() > command.time_limit) {
      problem = fmt::format("was not done in {:g} s", command.time_limit);
    } else if (running.too_much()) {
      problem = fmt::format("wrote more than {} bytes on standard output", command.most_output);
    }
    if (!problem.empty()) break;
    if (command.alive && seconds() > next_sign) {
      command.alive();
      next_sign = seconds() + sign_of_life_every;
    }
  }
  if (problem.empty() && running.status() != 0) problem = how_it_ended(running.status());
  return {running.output, last_line_of(running.errors), problem};
}

std::string program_file(const std::string& name) {
  const auto runs = [](const std::string& file) {
    std::error_code unknown;
    return std::filesystem::is_regular_file(file, unknown) && ::access(file.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) return runs(name) ? name : "";
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string file = (folder.empty() ? "." : folder) + "/" + name;
    if (runs(file)) return file;
  }
  return "";
}

}  // namespace al_mpi
