#include <al_mpi/base/spawn.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <al_mpi/base/error.hpp>

extern char** environ;

namespace al_mpi {
namespace {

std::vector<char*> c_strings(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

sigset_t set_of(const std::vector<int>& signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  return set;
}

/// posix_spawn's two objects.
struct Setup {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;

  explicit Setup(const SpawnOptions& options) {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_adddup2(&actions, options.input, 0);
    ::posix_spawn_file_actions_adddup2(&actions, options.output, 1);
    ::posix_spawn_file_actions_adddup2(&actions, options.errors, 2);
    const sigset_t blocked = set_of(options.blocked), defaults = set_of(options.defaults);
    ::posix_spawnattr_setsigmask(&attributes, &blocked);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    const int group = options.own_group ? POSIX_SPAWN_SETPGROUP : 0;
    ::posix_spawnattr_setflags(
        &attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));
  }
  ~Setup() {
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;
};

std::string name_of(const std::string& variable) {
  return variable.substr(0, variable.find('=') + 1);
}

}  // namespace

void Descriptor::close() {
  if (fd >= 0) ::close(std::exchange(fd, -1));
}

int Descriptor::release() {
  return std::exchange(fd, -1);
}

Pipe::Pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw Error(ExitCode::internal, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  read.fd = ends[0];
  write.fd = ends[1];
}

pid_t spawn(const SpawnOptions& options) {
  const Setup setup(options);
  pid_t pid = -1;
  const int error =
      ::posix_spawnp(&pid, options.arguments.front().c_str(), &setup.actions, &setup.attributes,
                     c_strings(options.arguments).data(), c_strings(options.environment).data());
  if (error == 0) return pid;
  throw Error(ExitCode::internal,
              fmt::format("cannot start {}: {}", options.arguments.front(), std::strerror(error)));
}

std::vector<std::string> environment_with(
    const std::vector<std::string>& own,
    const std::function<bool(const std::string& variable)>& hides) {
  std::vector<std::string> variables = own;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string variable = *entry;
    const bool replaced = std::any_of(own.begin(), own.end(), [&](const std::string& other) {
      return name_of(other) == name_of(variable);
    });
    if (!replaced && !(hides && hides(variable))) variables.push_back(variable);
  }
  return variables;
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) {
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status),
                       ::strsignal(WTERMSIG(status)));
  }
  return fmt::format("left with exit code {}", WEXITSTATUS(status));
}

}  // namespace al_mpi
