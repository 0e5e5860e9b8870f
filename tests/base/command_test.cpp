#include <al_mpi/base/command.hpp>

#include <csignal>
#include <filesystem>

#include <unistd.h>

#include "catch.hpp"

using namespace al_mpi;

namespace {

Command shell(const std::string& script) {
  Command command;
  command.arguments = {"sh", "-c", script};
  return command;
}

bool lives(const std::string& pid) {
  return ::kill(std::stoi(pid), 0) == 0;
}

/// Whether it is gone within two seconds: its new parent may have to bury it first.
bool goes(const std::string& pid) {
  for (int i = 0; i < 200 && lives(pid); ++i) ::usleep(10'000);
  return !lives(pid);
}

}  // namespace

TEST_CASE("a command's output, its last words and how it ended are told") {
  const CommandEnd good = run_command(shell("echo out; echo one >&2; echo ' two\tthree ' >&2"));
  CHECK(good.output == "out\n");
  CHECK(good.last_words == "two three");
  CHECK(good.problem.empty());
  const CommandEnd bad = run_command(shell("echo sorry >&2; exit 3"));
  CHECK(bad.problem == "left with exit code 3");
  CHECK(bad.last_words == "sorry");
  CHECK(run_command(shell("kill -SEGV $$")).problem.find("killed by signal 11") !=
        std::string::npos);
  Command missing;
  missing.arguments = {"no_such_program_here"};
  CHECK(run_command(missing).problem == "left with exit code 127");
}

TEST_CASE("arguments reach the program as they are") {
  Command command;
  command.arguments = {"printf", "%s|", "a b", "$HOME", "'", "*", ""};
  CHECK(run_command(command).output == "a b|$HOME|'|*||");
}

TEST_CASE("the environment is the own one with what is given on top") {
  ::setenv("AL_TEST_KEPT", "kept", 1);
  ::setenv("AL_TEST_CHANGED", "old", 1);
  Command command = shell("echo $AL_TEST_KEPT $AL_TEST_CHANGED $AL_MPI_SCRATCH; cat");
  command.environment = {"AL_TEST_CHANGED=new"};
  command.scratch = "/nowhere";
  CHECK(run_command(command).output == "kept new /nowhere\n");  // its standard input is empty
}

TEST_CASE("a command that hangs ends at its time limit with all that it started") {
  Command command = shell("sleep 100 & echo $!; wait");
  command.time_limit = 0.3;
  const CommandEnd end = run_command(command);
  CHECK(end.problem == "was not done in 0.3 s");
  CHECK(goes(end.output));
}

TEST_CASE("what a command leaves behind ends with it") {
  const CommandEnd end = run_command(shell("sleep 100 & echo $!"));
  CHECK(end.problem.empty());
  CHECK(goes(end.output));
}

TEST_CASE("a command that writes without end is stopped") {
  Command command = shell("yes");
  command.most_output = 1000;
  CHECK(run_command(command).problem == "wrote more than 1000 bytes on standard output");
}

TEST_CASE("signs of life are given while a command runs") {
  int signs = 0;
  Command command = shell("sleep 2.5");
  command.alive = [&] { ++signs; };
  run_command(command);
  CHECK(signs == 1);
}

TEST_CASE("programs are searched as a shell does") {
  CHECK(program_file("sh").find("/sh") != std::string::npos);
  CHECK(program_file("/bin/sh") == "/bin/sh");
  CHECK(program_file("no_such_program_here").empty());
  CHECK(program_file("/").empty());
}
