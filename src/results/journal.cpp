#include "journal.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <al_mpi/base/crash_point.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>

namespace al_mpi {
namespace {

constexpr std::size_t n_digits = 16;
constexpr std::size_t n_prefix = n_digits + 1;  // the digits and a space
constexpr int max_tries = 64;                   // ends of a record looked at behind damage

bool is_record(std::string_view line) {
  return line.size() > n_prefix && line[n_digits] == ' ' &&
         line.substr(0, n_digits) == to_hex(stable_hash(line.substr(n_prefix)));
}

bool is_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// Whether "0123456789abcdef {" begins at `at`.
bool may_begin(std::string_view text, std::size_t at) {
  return text.size() - at > n_prefix && text[at + n_digits] == ' ' && text[at + n_prefix] == '{' &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at),
                     text.begin() + static_cast<std::ptrdiff_t>(at + n_digits), is_digit);
}

/// The record at the front of `text`, which has something else behind it; empty if there is none.
std::string_view record_before_damage(std::string_view text) {
  std::size_t end = text.size();
  for (int i = 0; i < max_tries; ++i) {
    end = text.find_last_of('}', end - 1);
    if (end == std::string_view::npos || end < n_prefix) break;
    if (is_record(text.substr(0, end + 1))) return text.substr(0, end + 1);
  }
  return {};
}

/// Takes the whole records inside a damaged line (a lost line end joins two, garbage may stand
/// between); returns how many.
template <class Take>
int search(std::string_view line, const Take& take) {
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (may_begin(line, at)) starts.push_back(at);
  }
  int found = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t end = i + 1 < starts.size() ? starts[i + 1] : line.size();
    const auto record = record_before_damage(line.substr(starts[i], end - starts[i]));
    if (!record.empty() && take(record)) ++found;
  }
  return found;
}

}  // namespace

std::string journal_line(std::string_view text) {
  return fmt::format("{} {}\n", to_hex(stable_hash(text)), text);
}

JournalScan scan_journal(std::string_view bytes,
                         const std::function<void(std::string_view)>& take) {
  JournalScan scan;
  const auto accept = [&](std::string_view record) {
    try {
      take(record.substr(n_prefix));
    } catch (const Error&) {
      return false;
    }
    ++scan.n_records;
    return true;
  };
  std::int64_t number = 0;
  for (std::size_t begin = 0; begin < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
    const std::string_view line = bytes.substr(begin, end - begin);
    const bool whole = line.empty() || (is_record(line) && accept(line));
    const int rescued = whole || is_record(line) ? 0 : search(line, accept);
    ++number;
    if (!whole && rescued == 0 && end == bytes.size()) {
      scan.torn = true;
    } else {
      if (!whole) scan.damaged.push_back(number);
      scan.end = static_cast<std::int64_t>(std::min(end + 1, bytes.size()));
    }
    begin = end + 1;
  }
  return scan;
}

Journal::Journal(const std::string& path, std::int64_t end) : path_(path), end_(end) {
  fd_ = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
  if (fd_ < 0) give_up("opened");
  if (::ftruncate(fd_, end) != 0) give_up("cut");
  char last = '\n';
  if (end > 0 && ::pread(fd_, &last, 1, end - 1) != 1) give_up("read");
  if (::lseek(fd_, end, SEEK_SET) < 0) give_up("read");
  if (last != '\n') pending_ = "\n";  // the last record is whole but for its line end
}

Journal::~Journal() {
  if (fd_ >= 0) ::close(fd_);
}

void Journal::append(std::string_view text) {
  pending_ += journal_line(text);
}

void Journal::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) give_up("written");
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Journal::commit() {
  if (pending_.empty()) return;
  if (broken_) throw DataError(path_, "", "nothing more is written after a failed write");
  const std::size_t half = pending_.size() / 2;
  crash_point("journal.before");
  write_all(std::string_view(pending_).substr(0, half));
  crash_point("journal.middle");
  write_all(std::string_view(pending_).substr(half));
  crash_point("journal.written");
  if (::fdatasync(fd_) != 0) give_up("written to disk");
  crash_point("journal.synced");
  end_ += static_cast<std::int64_t>(pending_.size());
  pending_.clear();
}

void Journal::give_up(const char* doing) {
  const std::string why = std::strerror(errno);
  broken_ = true;
  // Half a record would only be cut at the next start; a failure to cut it now changes nothing.
  if (fd_ >= 0 && ::ftruncate(fd_, end_) != 0) errno = 0;
  throw DataError(path_, "", fmt::format("could not be {} ({})", doing, why));
}

}  // namespace al_mpi
