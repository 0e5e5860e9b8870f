#include "src/results/sweep_lock.hpp"

#include <cstdlib>
#include <ctime>
#include <fstream>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

namespace {

/// Puts down a lock of another host, silent for `silence` seconds.
void foreign_lock(const std::string& path, int silence, const std::string& job = "",
                  int restarts = 0) {
  std::ofstream(path) << fmt::format(
      R"({{"host":"elsewhere","boot":"b","pid":1,"process_start":"1","job":"{}","job_restarts":{}}})",
      job, restarts);
  const utimbuf times{std::time(nullptr) - silence, std::time(nullptr) - silence};
  REQUIRE(utime(path.c_str(), &times) == 0);
}

}  // namespace

TEST_CASE("a second farm is refused while the first lives, and welcome after it") {
  const ScratchFolder folder;
  const std::string path = folder.file("x.lock");
  {
    SweepLock lock(path);
    CHECK_THROWS_WITH(SweepLock(path), Contains(fmt::format("process {} on ", ::getpid())));
    CHECK_NOTHROW(lock.heartbeat());
    try {
      SweepLock second(path);
    } catch (const FarmError& error) {
      CHECK(error.code() == ExitCode::config);
    }
  }
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK_NOTHROW(SweepLock(path));
}

TEST_CASE("the lock of a killed process is broken") {
  const ScratchFolder folder;
  const std::string path = folder.file("x.lock");
  const pid_t child = fork();
  if (child == 0) {
    new SweepLock(path);  // dies holding it
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(std::filesystem::exists(path));
  CHECK_NOTHROW(SweepLock(path));
}

TEST_CASE("the lock of another host is broken after two silent minutes only") {
  const ScratchFolder folder;
  const std::string path = folder.file("x.lock");
  foreign_lock(path, 60);
  CHECK_THROWS_WITH(SweepLock(path), Contains("process 1 on elsewhere, last heartbeat 6") &&
                                         Contains("run the same command again in 6"));
  try {
    SweepLock second(path);
  } catch (const FarmError& error) {
    CHECK(error.code() == ExitCode::unfinished);  // nobody knows yet
  }
  foreign_lock(path, 200);
  CHECK_NOTHROW(SweepLock(path));
}

TEST_CASE(
    "whoever waits for a lock is refused when its holder beats, and has it when it does not") {
  const ScratchFolder folder;
  const std::string path = folder.file("x.lock");
  int calls = 0;
  SECTION("it beats") {
    foreign_lock(path, 60);
    CHECK_THROWS_WITH(SweepLock(path,
                                [&] {
                                  ++calls;
                                  foreign_lock(path, 0);
                                }),
                      Contains("another al_mpi writes these results") && Contains("wait for it"));
  }
  SECTION("it is silent") {
    foreign_lock(path, 118);
    SweepLock lock(path, [&] { ++calls; });
    CHECK_NOTHROW(lock.heartbeat());
  }
  SECTION("it was removed meanwhile") {
    foreign_lock(path, 0);
    SweepLock lock(path, [&] {
      ++calls;
      std::filesystem::remove(path);
    });
    CHECK_NOTHROW(lock.heartbeat());
  }
  CHECK(calls > 0);
}

TEST_CASE("a process number counts in its own boot and PID namespace only") {
  const ScratchFolder folder;
  const std::string path = folder.file("x.lock");
  std::string mine;
  {
    SweepLock lock(path);
    mine = folder.contents("x.lock");
  }
  const auto found = mine.find("pid:[");
  REQUIRE(found != std::string::npos);
  std::string other = mine;
  other.replace(found, 5, "pid:[9");
  std::ofstream(path) << other;  // same host, same number, which this process happens to have
  CHECK_THROWS_WITH(SweepLock(path), Contains("if it is dead, run the same command again in 1"));
  const utimbuf times{std::time(nullptr) - 200, std::time(nullptr) - 200};
  REQUIRE(utime(path.c_str(), &times) == 0);
  CHECK_NOTHROW(SweepLock(path));  // however alive that number is here
  std::ofstream(path) << mine;
  REQUIRE(utime(path.c_str(), &times) == 0);
  CHECK_THROWS_WITH(SweepLock(path), Contains("wait for it"));  // stopped, perhaps, but there
}

TEST_CASE("a heartbeat in the future is fresh, and no reason to wait for it") {
  const ScratchFolder folder;
  const std::string path = folder.file("x.lock");
  foreign_lock(path, -3600);
  CHECK_THROWS_WITH(SweepLock(path),
                    Contains("last heartbeat 0 s ago") && Contains("again in 120 s"));
}

TEST_CASE("a requeued Slurm job breaks the lock of its earlier run at once") {
  const ScratchFolder folder;
  const std::string path = folder.file("x.lock");
  setenv("SLURM_JOB_ID", "77", 1);
  setenv("SLURM_RESTART_COUNT", "1", 1);
  foreign_lock(path, 5, "77", 1);
  CHECK_THROWS_AS(SweepLock(path), FarmError);  // another node of this very run
  foreign_lock(path, 5, "77", 0);
  CHECK_NOTHROW(SweepLock(path));
  unsetenv("SLURM_JOB_ID");
  unsetenv("SLURM_RESTART_COUNT");
}

TEST_CASE("whoever lost the lock notices at its next heartbeat") {
  const ScratchFolder folder;
  SweepLock lock(folder.file("x.lock"));
  std::filesystem::remove(folder.file("x.lock"));
  CHECK_THROWS_WITH(lock.heartbeat(), Contains("taken over"));
  foreign_lock(folder.file("x.lock"), 0);
  CHECK_THROWS_WITH(lock.heartbeat(), Contains("taken over"));
}

TEST_CASE("a damaged lock does not stop a sweep for ever") {
  const ScratchFolder folder;
  const std::string path = folder.file("x.lock");
  foreign_lock(path, 0);
  std::ofstream(path) << "garbage";
  CHECK_THROWS_AS(SweepLock(path), FarmError);
  const utimbuf times{std::time(nullptr) - 200, std::time(nullptr) - 200};
  REQUIRE(utime(path.c_str(), &times) == 0);
  CHECK_NOTHROW(SweepLock(path));
}

TEST_CASE("an unwritable folder is one line") {
  CHECK_THROWS_WITH(SweepLock("/nowhere/x.lock"), Contains("/nowhere"));
}
