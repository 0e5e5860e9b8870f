#include <al_mpi/sweep/progress.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace al_mpi {

std::string human_duration(double seconds) {
  const long total = std::lround(std::max(0.0, seconds));
  if (total < 120) return fmt::format("{} s", total);
  if (total < 7200) return fmt::format("{} min", total / 60);
  if (total < 172800) return fmt::format("{} h {} min", total / 3600, total / 60 % 60);
  return fmt::format("{} d {} h", total / 86400, total / 3600 % 24);
}

std::string to_string(const SweepProgress& p) {
  std::string text = fmt::format("{}/{} trials done, {} running", p.done, p.n_trials, p.running);
  if (p.failed > 0) text += fmt::format(", {} failed", p.failed);
  text += fmt::format(" | {}/{} rounds", p.rounds, p.rounds_total);
  if (p.seconds_left && p.running > 0)
    text += fmt::format(" | {} left", human_duration(*p.seconds_left));
  text += fmt::format(" | busy {:.0f} %", 100.0 * p.busy);
  if (p.draining) text += " | draining";
  return text;
}

std::string what_next(const std::string& file, int left, int failed) {
  std::string text;
  if (left > 0) {
    text = fmt::format("{} trials are left: the same command goes on where it stopped", left);
  } else if (failed == 0) {
    text = fmt::format("all trials are done: al_aggregate {} makes tables and figures", file);
  }
  if (failed > 0) {
    text += fmt::format(
        "{}{} trials failed (al_mpi explain {} TRIAL tells why): the same command with "
        "--retry-failed tries them again",
        text.empty() ? "" : "; ", failed, file);
  }
  return text;
}

ProgressLine::ProgressLine() : terminal_(::isatty(STDERR_FILENO) != 0) {}

bool ProgressLine::due(double now) {
  if (next_ == 0.0) next_ = terminal_ ? now : now + pause_;
  return now >= next_;
}

void ProgressLine::show(const SweepProgress& progress, double now) {
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", to_string(progress));
    next_ = now + 0.5;
  } else {
    fmt::print(stderr, "{}\n", to_string(progress));
    next_ = now + pause_;
    pause_ = std::min(60.0, 1.5 * pause_);
  }
  std::fflush(stderr);
}

void ProgressLine::finish(const SweepProgress& progress) {
  fmt::print(stderr, "{}{}\n", terminal_ ? "\r\033[K" : "", to_string(progress));
}

}  // namespace al_mpi
