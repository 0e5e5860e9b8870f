#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "catch.hpp"
#include "farm/temporary_folder.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/farm/engine_process.hpp>

using namespace al_mpi;

namespace {

EngineCommand shell(const TemporaryFolder& folder, const std::string& script) {
  return {{"/bin/sh", "-c", script}, {"OMP_NUM_THREADS=3"}, folder.file("log")};
}

std::string wait_for_line(EngineProcess& process) {
  for (int i = 0; i < 1000; ++i) {
    process.write_queued();
    if (auto line = process.read_line()) return *line;
    ::poll(nullptr, 0, 5);
  }
  return "(no line in 5 s)";
}

std::string wait_for_end(EngineProcess& process) {
  for (int i = 0; i < 1000; ++i) {
    while (process.read_line()) continue;
    if (const std::string how = process.ended(); !how.empty()) return how;
    ::poll(nullptr, 0, 5);
  }
  return "(no end in 5 s)";
}

}  // namespace

TEST_CASE("an engine answers lines and leaves when its input ends") {
  const TemporaryFolder folder;
  EngineProcess process(shell(folder, "cat; exit 3"));
  process.send("hello");
  CHECK(wait_for_line(process) == "hello");
  CHECK(process.ended().empty());
  process.close_input();
  CHECK(wait_for_end(process) == "left with exit code 3");
}

TEST_CASE("a request larger than a pipe goes through without blocking") {
  const TemporaryFolder folder;
  EngineProcess process(shell(folder, "sleep 0.2; cat"));
  const std::string large(1 << 20, 'x');
  process.send(large);
  CHECK(wait_for_line(process) == large);
}

TEST_CASE("a killed engine is told by its signal, and lines it wrote before are read") {
  const TemporaryFolder folder;
  EngineProcess process(shell(folder, "echo last; kill -SEGV $$"));
  CHECK(wait_for_line(process) == "last");
  CHECK(wait_for_end(process) == "was killed by signal 11 (Segmentation fault)");
}

TEST_CASE("the engine has a clean environment: own variables in, the launcher's out") {
  const TemporaryFolder folder;
  ::setenv("OMPI_COMM_WORLD_RANK", "3", 1);
  ::setenv("SLURM_JOB_ID", "7", 1);
  ::setenv("OMP_NUM_THREADS", "64", 1);
  EngineProcess process(shell(
      folder, "echo $OMPI_COMM_WORLD_RANK,$SLURM_JOB_ID,$OMP_NUM_THREADS,$AL_MPI_PARENT_PID"));
  ::unsetenv("OMPI_COMM_WORLD_RANK");
  ::unsetenv("SLURM_JOB_ID");
  ::unsetenv("OMP_NUM_THREADS");
  CHECK(wait_for_line(process) == ",,3," + std::to_string(::getpid()));
}

TEST_CASE("the engine inherits no descriptor and outlives group signals") {
  const TemporaryFolder folder;
  const int leaked = ::open("/dev/null", O_RDONLY);  // inheritable, as MPI's sockets are
  REQUIRE(leaked < 64);
  // No `ls | ...`: the shell itself holds the ends of that pipe for a moment.
  EngineProcess process(
      shell(folder,
            "i=3; while [ $i -lt 64 ]; do [ -e /proc/$$/fd/$i ] && echo open $i; i=$((i+1)); done;"
            "echo none; read line; echo $line"));
  CHECK(wait_for_line(process) == "none");
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2})
    ::kill(process.pid(), signal);
  process.send("still here");
  CHECK(wait_for_line(process) == "still here");
  ::close(leaked);
}

TEST_CASE("standard error goes to the log, whose tail starts with a whole line") {
  const TemporaryFolder folder;
  EngineProcess process(shell(folder, "for i in 1 2 3 4 5; do echo line $i >&2; done"));
  wait_for_end(process);
  CHECK(log_tail(folder.file("log"), 15) == "line 4\nline 5\n");
  CHECK(log_tail(folder.file("log")).substr(0, 7) == "line 1\n");
  CHECK(log_tail(folder.file("none")).empty());
}

TEST_CASE("a program that is not there and a log that cannot be written are told") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(EngineProcess({{"/no/such/engine"}, {}, folder.file("log")}),
                    Contains("cannot start /no/such/engine: No such file"));
  CHECK_THROWS_WITH(EngineProcess({{"/bin/true"}, {}, "/no/such/folder/log"}),
                    Contains("cannot write /no/such/folder/log"));
}

TEST_CASE("an engine that is dropped is killed and reaped") {
  const TemporaryFolder folder;
  pid_t pid = -1;
  {
    EngineProcess process(shell(folder, "exec sleep 60"));
    pid = process.pid();
  }
  CHECK(::kill(pid, 0) == -1);
}
