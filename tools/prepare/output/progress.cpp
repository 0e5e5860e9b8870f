#include "tools/prepare/output/progress.hpp"

#include <csignal>
#include <cstdio>

#include <unistd.h>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

volatile std::sig_atomic_t signalled = 0;

void note_signal(int) {
  signalled = 1;
}

}  // namespace

Progress::Progress(std::string what, std::int64_t total, std::string interrupted)
    : what_(std::move(what)),
      interrupted_(std::move(interrupted)),
      total_(total),
      terminal_(::isatty(STDERR_FILENO) == 1) {
  signalled = 0;
  std::signal(SIGINT, note_signal);
  std::signal(SIGTERM, note_signal);
}

Progress::~Progress() {
  if (terminal_) clear();
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

void Progress::step() {
  if (signalled) {
    throw Error(ExitCode::unfinished, fmt::format("interrupted ({})", interrupted_));
  }
  ++done_;
  const auto now = Clock::now();
  const auto every = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
  if (now - shown_ < every) return;
  shown_ = now;
  show();
}

void Progress::show() {
  const double share = static_cast<double>(done_) / static_cast<double>(total_);
  const double seconds = std::chrono::duration<double>(shown_ - start_).count();
  const std::string text = fmt::format("{}: {} of {} ({:.0f} %), {:.0f} s left", what_, done_,
                                       total_, 100 * share, seconds * (1 / share - 1));
  if (!terminal_) {
    fmt::print(stderr, "{}\n", text);
    return;
  }
  const int filled = static_cast<int>(30 * share);
  fmt::print(stderr, "\r\x1b[K[{:=<{}}{: <{}}] {}", "", filled, "", 30 - filled, text);
  std::fflush(stderr);
}

void Progress::clear() const {
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

}  // namespace al_mpi
