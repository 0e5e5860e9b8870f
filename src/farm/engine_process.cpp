#include <al_mpi/farm/engine_process.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/spawn.hpp>

namespace al_mpi {
namespace {

void close_on_exec_everything() {  // MPI and PMIx leave their sockets inheritable
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::atoi(entry.path().filename().c_str());
    if (fd > 2) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
}

bool belongs_to_launcher(const std::string& variable) {
  for (const char* prefix : {"OMPI_", "PMIX_", "PMI_", "ORTE_", "PRTE_", "SLURM"}) {
    if (variable.rfind(prefix, 0) == 0) return true;
  }
  return false;
}

}  // namespace

EngineProcess::EngineProcess(const EngineCommand& command) {
  Pipe requests, answers;
  Descriptor log(::open(command.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (log.fd < 0) {
    throw FarmError(-1, fmt::format("cannot write {}: {}", command.log_file, std::strerror(errno)));
  }
  close_on_exec_everything();
  std::vector<std::string> own = command.environment;
  own.push_back("AL_MPI_PARENT_PID=" + std::to_string(::getpid()));
  SpawnOptions options;
  options.arguments = command.arguments;
  options.environment = environment_with(own, belongs_to_launcher);
  options.input = requests.read.fd;
  options.output = answers.write.fd;
  options.errors = log.fd;
  options.blocked = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU};
  options.defaults = {SIGPIPE};
  pid_ = spawn(options);
  input_ = requests.write.release();
  output_ = answers.read.release();
  ::fcntl(input_, F_SETFL, O_NONBLOCK);
  ::fcntl(output_, F_SETFL, O_NONBLOCK);
}

EngineProcess::~EngineProcess() {
  close_input();
  if (output_ >= 0) ::close(output_);
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

void EngineProcess::send(const std::string& line) {
  queued_ += line;
  queued_ += '\n';
  write_queued();
}

void EngineProcess::write_queued() {
  while (input_ >= 0 && !queued_.empty()) {
    const ssize_t written = ::write(input_, queued_.data(), queued_.size());
    if (written > 0) {
      queued_.erase(0, static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      return;  // the engine is busy; it reads later
    } else if (errno != EINTR) {
      queued_.clear();  // it is gone; ended() tells
    }
  }
}

void EngineProcess::read_available() {
  std::array<char, 65536> buffer;
  while (output_ >= 0) {
    const ssize_t size = ::read(output_, buffer.data(), buffer.size());
    if (size > 0) {
      lines_.append(buffer.data(), static_cast<std::size_t>(size));
      return;
    }
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    ::close(std::exchange(output_, -1));
  }
}

std::optional<std::string> EngineProcess::read_line() {
  std::optional<std::string> line = lines_.next();
  if (!line) {
    read_available();
    line = lines_.next();
  }
  if (lines_.broken()) kill();
  return line;
}

std::string EngineProcess::ended() {
  if (output_ >= 0 && !lines_.broken()) return "";
  if (pid_ > 0) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return "";
    pid_ = -1;
    how_it_ended_ = lines_.broken() ? "wrote a line without end" : how_it_ended(status);
  }
  return how_it_ended_;
}

std::int64_t EngineProcess::memory() const {
  std::ifstream file(fmt::format("/proc/{}/statm", pid_));  // proc(5), in pages
  std::int64_t size = 0, resident = 0, of_files = 0;
  file >> size >> resident >> of_files;
  return (resident - of_files) * ::sysconf(_SC_PAGESIZE);
}

void EngineProcess::close_input() {
  if (input_ >= 0) ::close(std::exchange(input_, -1));
}

void EngineProcess::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

std::string log_tail(const std::string& file, std::size_t n_bytes) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) return "";
  const auto size = static_cast<std::size_t>(stream.tellg());
  const std::size_t begin = size > n_bytes ? size - n_bytes : 0;
  stream.seekg(static_cast<std::streamoff>(begin));
  std::string tail(size - begin, '\0');
  stream.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  if (begin > 0) tail.erase(0, tail.find('\n') + 1);
  return tail;
}

}  // namespace al_mpi
