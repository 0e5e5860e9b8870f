#include "sweep_lock.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/io/atomic_file.hpp>

namespace al_mpi {
namespace {

using nlohmann::json;

constexpr double silent_after = 120.0;  // seconds without a heartbeat from another host

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Start of a process in clock ticks since boot (field 22 of /proc/PID/stat): tells it from a later
/// one of the same number. Empty if there is no such process.
std::string start_of(int pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
  std::string field;
  for (int i = 3; i <= 22 && fields >> field; ++i) {
    if (i == 3 && field == "Z") return "";  // dead, only not yet waited for
  }
  return field;
}

/// Number of this boot: process numbers and start times begin anew with the next.
std::string boot() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  file >> id;
  return id;
}

json description() {
  return {{"host", host_name()},
          {"boot", boot()},
          {"pid", ::getpid()},
          {"process_start", start_of(::getpid())},
          {"job", environment("SLURM_JOB_ID")},
          {"job_restarts", std::atoi(environment("SLURM_RESTART_COUNT").c_str())}};
}

struct Holder {
  std::string text;  // the lock's contents, as found
  json who;
  double silence = 0;  // seconds since the last heartbeat, by the file system's clock
};

/// Who holds the lock; nothing if it is free. `reference` is a file just made beside it.
std::optional<Holder> holder_of(const std::string& path, const std::string& reference) {
  std::ifstream file(path);
  struct stat lock {
  }, now{};
  if (!file || ::stat(path.c_str(), &lock) != 0 || ::stat(reference.c_str(), &now) != 0) return {};
  Holder holder;
  holder.text.assign((std::istreambuf_iterator<char>(file)), {});
  holder.who = json::parse(holder.text, nullptr, false);
  holder.silence = static_cast<double>(now.st_mtime - lock.st_mtime);
  return holder;
}

bool is_gone(const Holder& holder, const json& self) {
  const json& who = holder.who;
  if (!who.is_object()) return holder.silence > silent_after;  // not written by this program
  const auto same = [&](const char* field) { return who.value(field, json()) == self.at(field); };
  if (same("host")) {
    const json pid = who.value("pid", json());
    if (!pid.is_number_integer()) return true;
    return !same("boot") || who.value("process_start", json()) != start_of(pid.get<int>());
  }
  const bool earlier_run = same("job") && self.at("job") != "" && !same("job_restarts");
  return earlier_run || holder.silence > silent_after;
}

std::string line_about(const Holder& holder) {
  const json& who = holder.who;
  if (!who.is_object()) return "an unknown program";
  const auto word = [&](const char* field) {
    const json value = who.value(field, json(""));
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  const std::string job = word("job");
  return fmt::format("process {} on {}{}, last heartbeat {:.0f} s ago", word("pid"), word("host"),
                     job.empty() ? "" : ", job " + job, holder.silence);
}

/// Removes a lock whose holder is gone, unless another farm was faster.
void remove_stale(const std::string& path, const Holder& holder) {
  const std::string aside = fmt::format("{}.stale.{}", path, ::getpid());
  if (::rename(path.c_str(), aside.c_str()) != 0) return;
  std::ifstream file(aside);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  if (text != holder.text && ::link(aside.c_str(), path.c_str()) != 0)
    errno = 0;  // put a fresh one back
  ::unlink(aside.c_str());
}

}  // namespace

SweepLock::SweepLock(const std::string& path) : path_(path) {
  const json self = description();
  const AtomicFile mine(path);  // written aside, then linked: the lock is never seen half written
  std::ofstream(mine.temporary()) << self.dump() << '\n';
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (::link(mine.temporary().c_str(), path.c_str()) == 0) {
      fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
      return;
    }
    if (errno != EEXIST) {
      throw DataError(path, "", fmt::format("could not be made ({})", std::strerror(errno)));
    }
    const auto holder = holder_of(path, mine.temporary());
    if (holder && !is_gone(*holder, self)) {
      throw FarmError(
          0,
          fmt::format("another al_mpi writes these results ({}; it holds {}) wait for it, or "
                      "name another results.file",
                      line_about(*holder), path),
          ExitCode::config);
    }
    if (holder) remove_stale(path, *holder);
  }
  throw FarmError(0, fmt::format("the lock {} changes hands all the time", path), ExitCode::config);
}

SweepLock::~SweepLock() {
  struct stat status {};
  if (fd_ >= 0 && ::fstat(fd_, &status) == 0 && status.st_nlink > 0) ::unlink(path_.c_str());
  if (fd_ >= 0) ::close(fd_);
}

void SweepLock::heartbeat() {
  struct stat status {};
  if (fd_ < 0 || ::fstat(fd_, &status) != 0 || status.st_nlink == 0) {
    throw FarmError(0, fmt::format("the lock {} was taken over by another al_mpi", path_));
  }
  ::futimens(fd_, nullptr);
}

}  // namespace al_mpi
