#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include <al_mpi/farm/line_buffer.hpp>

namespace al_mpi {

struct EngineCommand {
  std::vector<std::string> arguments;    ///< program and its arguments
  std::vector<std::string> environment;  ///< "NAME=value", over what is inherited
  std::string log_file;                  ///< its standard error is appended here
};

/// The process of an engine. It reads requests from its standard input and writes answers to its
/// standard output, a line each.
///
/// Nothing here blocks. The engine inherits no descriptor but 0, 1 and 2, no variable of MPI or
/// Slurm (an MPI_Init in it would take the job down), and has the signals blocked that are sent to
/// whole process groups: its rank decides when it ends. It is told its parent in AL_MPI_PARENT_PID,
/// so that it can ask the kernel to die with it.
class EngineProcess {
 public:
  /// Starts it. Throws Error if the program cannot be started or the log cannot be opened.
  explicit EngineProcess(const EngineCommand& command);
  ~EngineProcess();  ///< kills it if it still runs
  EngineProcess(const EngineProcess&) = delete;
  EngineProcess& operator=(const EngineProcess&) = delete;

  pid_t pid() const { return pid_; }
  int output() const { return output_; }  ///< descriptor to poll for reading; -1 after its end

  void send(const std::string& line);  ///< queued; written as far as the pipe takes it
  void write_queued();                 ///< goes on writing what is queued
  std::optional<std::string> read_line();

  /// How it ended, once it has and every line of it was read: "was killed by signal 9 (Killed)",
  /// "left with exit code 3". Empty while it lives.
  std::string ended();

  /// Bytes of memory it holds for itself: resident pages that no file is behind. 0 after its end.
  std::int64_t memory() const;

  void close_input();  ///< asks it to leave: it sees the end of its input
  void kill();         ///< SIGKILL

 private:
  void read_available();

  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string queued_;
  LineBuffer lines_;
  std::string how_it_ended_;
};

/// The last `n_bytes` of a log, from the start of a line; empty if there is none.
std::string log_tail(const std::string& file, std::size_t n_bytes = 2000);

}  // namespace al_mpi
