#include "sweep_lock.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/host_name.hpp>
#include <al_mpi/base/log.hpp>
#include <al_mpi/io/atomic_file.hpp>

namespace al_mpi {
namespace {

using nlohmann::json;

constexpr double silent_after = 120.0;  // seconds without a heartbeat: its holder is gone

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// A file's contents; nothing where it cannot be read, or can no longer.
std::optional<std::string> text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad() || text.bad()) return std::nullopt;
  return text.str();
}

/// Start of a process in clock ticks since boot (field 22 of /proc/PID/stat): tells it from a later
/// one of the same number. Empty if there is no such process.
std::string start_of(int pid) {
  const std::string text = text_of(fmt::format("/proc/{}/stat", pid)).value_or("");
  std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
  std::string field;
  for (int i = 3; i <= 22 && fields >> field; ++i) {
    if (i == 3 && field == "Z") return "";  // dead, only not yet waited for
  }
  return field;
}

/// Where a process number is valid: this boot of this machine and this PID namespace (a container
/// has its own). Empty where /proc shows the processes of another namespace.
std::string realm() {
  std::error_code error;
  const auto shown = std::filesystem::read_symlink("/proc/self", error);
  if (error || shown.string() != std::to_string(::getpid())) return "";
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  file >> boot;
  const auto space = std::filesystem::read_symlink("/proc/self/ns/pid", error);
  return error || boot.empty() ? "" : boot + " " + space.string();
}

json description() {
  return {{"host", host_name()},
          {"realm", realm()},
          {"pid", ::getpid()},
          {"process_start", start_of(::getpid())},
          {"job", environment("SLURM_JOB_ID")},
          {"job_restarts", std::atoi(environment("SLURM_RESTART_COUNT").c_str())}};
}

struct Holder {
  std::string text;  // the lock's contents, as found
  json who;
  timespec beat{};     // of its last heartbeat
  double silence = 0;  // seconds since then, by the file system's clock
};

double seconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Who holds the lock; nothing if it is free. `reference` is a file beside it, touched to learn
/// what time it is there: the clocks of two machines may differ.
std::optional<Holder> holder_of(const std::string& path, const std::string& reference) {
  ::utimensat(AT_FDCWD, reference.c_str(), nullptr, 0);
  struct stat lock {
  }, now{};
  auto text = text_of(path);
  if (!text || ::stat(path.c_str(), &lock) != 0 || ::stat(reference.c_str(), &now) != 0) return {};
  Holder holder;
  holder.text = std::move(*text);
  holder.who = json::parse(holder.text, nullptr, false);
  holder.beat = lock.st_mtim;
  holder.silence = seconds(now.st_mtim) - seconds(lock.st_mtim);
  return holder;
}

enum class Judgement { lives, gone, unknown };

/// Judges a holder by its process number where that means the same to both processes, else by its
/// heartbeat: one with a recent heartbeat may live.
Judgement judge(const Holder& holder, const json& self) {
  const json& who = holder.who;
  const auto same = [&](const char* field) {
    return who.is_object() && who.value(field, json()) == self.at(field);
  };
  if (same("host") && same("realm") && self.at("realm") != "") {
    const json pid = who.value("pid", json());
    const bool lives =
        pid.is_number_integer() && who.value("process_start", json()) == start_of(pid.get<int>());
    return lives ? Judgement::lives : Judgement::gone;
  }
  const bool earlier_run = same("job") && self.at("job") != "" && !same("job_restarts");
  return earlier_run || holder.silence > silent_after ? Judgement::gone : Judgement::unknown;
}

std::string line_about(const Holder& holder) {
  const json& who = holder.who;
  const auto beat = fmt::format("last heartbeat {:.0f} s ago", std::max(0.0, holder.silence));
  if (!who.is_object()) return "an unknown program, " + beat;
  const auto word = [&](const char* field) {
    const json value = who.value(field, json(""));
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  const std::string job = word("job");
  return fmt::format("process {} on {}{}, {}", word("pid"), word("host"),
                     job.empty() ? "" : ", job " + job, beat);
}

[[noreturn]] void refuse(const std::string& path, const Holder& holder, double left) {
  const std::string problem = fmt::format(
      "another al_mpi writes these results ({}; it holds {}): ", line_about(holder), path);
  if (left <= 0) {
    throw FarmError(0, problem + "wait for it, or name another results.file", ExitCode::config);
  }
  throw FarmError(0,
                  fmt::format("{}if it is dead, run the same command again in {:.0f} s", problem,
                              std::ceil(left)),
                  ExitCode::unfinished);
}

/// Removes a lock whose holder is gone, unless another farm was faster.
void remove_stale(const std::string& path, const Holder& holder) {
  const AtomicFile aside(path);
  if (::rename(path.c_str(), aside.temporary().c_str()) != 0) return;
  if (text_of(aside.temporary()) == holder.text) return;
  // Another farm has taken the lock meanwhile: its file is put back.
  if (::link(aside.temporary().c_str(), path.c_str()) != 0 && errno != EEXIST) {
    ::rename(aside.temporary().c_str(), path.c_str());
  }
}

/// Gives `file`, which holds `text`, the name `path`; false where that is taken.
bool take(const std::string& file, const std::string& text, const std::string& path) {
  if (::link(file.c_str(), path.c_str()) == 0) return true;
  bool taken = errno == EEXIST;
  if (!taken) {  // a file system without hard links: the lock may be seen before it is written
    const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    taken = fd < 0 && errno == EEXIST;
    const bool written =
        fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int why = errno;
    if (fd >= 0) ::close(fd);
    if (fd >= 0 && !written) ::unlink(path.c_str());
    if (!taken && !written) {
      throw DataError(path, "", fmt::format("could not be made ({})", std::strerror(why)));
    }
  }
  return !taken;
}

void wait_a_second() {
  const timespec second{1, 0};
  ::nanosleep(&second, nullptr);  // a signal ends it early
}

}  // namespace

SweepLock::SweepLock(const std::string& path, const std::function<void()>& waiting) : path_(path) {
  using Clock = std::chrono::steady_clock;
  const json self = description();
  text_ = self.dump() + "\n";
  const AtomicFile mine(path);  // written aside, then linked: the lock is never seen half written
  std::ofstream(mine.temporary()) << text_;
  std::optional<Holder> seen;  // when the waiting began
  const auto begin = Clock::now();
  for (int changed = 0; changed < 3;) {
    if (take(mine.temporary(), text_, path)) {
      fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
      return;
    }
    const auto holder = holder_of(path, mine.temporary());
    if (!holder) {
      ++changed;
      continue;
    }
    const double waited = std::chrono::duration<double>(Clock::now() - begin).count();
    const Judgement judgement = judge(*holder, self);
    // Its heartbeat may lie in the future of a clock that was set back since.
    if (judgement == Judgement::gone || (seen && waited > silent_after)) {
      remove_stale(path, *holder);
      ++changed;
      continue;
    }
    const bool beats =
        seen && (seconds(seen->beat) != seconds(holder->beat) || seen->text != holder->text);
    if (judgement == Judgement::lives || beats) refuse(path, *holder, 0);
    const double left =
        std::min(silent_after - std::max(0.0, holder->silence), silent_after - waited);
    if (!waiting) refuse(path, *holder, std::max(1.0, left));
    if (!seen) {
      spdlog::warn(
          "{} is held by {}: waiting for {:.0f} s, whether it gives a sign of life (a farm that "
          "lives gives one every {:.0f} s)",
          path, line_about(*holder), std::ceil(left), heartbeat_every);
      seen = holder;
    }
    waiting();
    wait_a_second();
  }
  throw FarmError(0, fmt::format("the lock {} changes hands all the time", path), ExitCode::config);
}

SweepLock::~SweepLock() {
  if (text_of(path_) == text_) ::unlink(path_.c_str());
  if (fd_ >= 0) ::close(fd_);
}

void SweepLock::heartbeat() {
  const auto text = text_of(path_);
  if (text ? *text != text_ : errno == ENOENT) {
    throw FarmError(0, fmt::format("the lock {} was taken over by another al_mpi", path_));
  }
  ::futimens(fd_, nullptr);
}

}  // namespace al_mpi
