#pragma once

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace al_mpi {

/// A descriptor that closes itself.
struct Descriptor {
  int fd = -1;

  explicit Descriptor(int opened = -1) : fd(opened) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void close();
  int release();  ///< the descriptor, which the caller closes from now on
};

/// A pipe that no other program inherits. Throws Error.
struct Pipe {
  Descriptor read, write;
  Pipe();
};

/// How a program is started beside this one.
struct SpawnOptions {
  std::vector<std::string> arguments;    ///< program, searched in PATH, and its arguments
  std::vector<std::string> environment;  ///< "NAME=value", all that it gets
  int input = 0, output = 1, errors = 2;
  std::vector<int> blocked;   ///< signals; all others are let through
  std::vector<int> defaults;  ///< signals whose handling is not inherited
  bool own_group = false;     ///< it leads a process group of its own
};

/// Starts it; its process. Throws Error where it cannot be started.
pid_t spawn(const SpawnOptions& options);

/// This process's variables, with `own` ("NAME=value") over them, but for those that `hides`.
std::vector<std::string> environment_with(
    const std::vector<std::string>& own,
    const std::function<bool(const std::string& variable)>& hides = nullptr);

/// A status of waitpid in words: "was killed by signal 9 (Killed)", "left with exit code 3".
std::string how_it_ended(int status);

}  // namespace al_mpi
