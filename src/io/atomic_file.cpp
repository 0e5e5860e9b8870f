#include <al_mpi/io/atomic_file.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <random>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <al_mpi/base/crash_point.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

std::string behind_links(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  return error ? path : real.string();
}

std::string folder_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

/// The label of crash_point() for a file: its extension without the dot.
std::string kind_of(const std::string& target) {
  const std::string extension = fs::path(target).extension().string();
  return extension.empty() ? "file" : extension.substr(1);
}

std::string temporary_name(const std::string& name, std::uint64_t bits) {
  return fmt::format(".{}.{}.tmp", name, to_hex(bits));
}

// open(O_EXCL) rather than mkstemp: it honours the umask without changing the process's.
std::pair<std::string, int> make_temporary(const std::string& target) {
  std::random_device random;
  const fs::path folder = folder_of(target), name = fs::path(target).filename();
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::uint64_t bits = (std::uint64_t{random()} << 32) | random();
    const std::string path = (folder / temporary_name(name.string(), bits)).string();
    const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (fd >= 0) {
      ::flock(fd, LOCK_EX | LOCK_NB);
      return {path, fd};
    }
    if (errno != EEXIST) break;
  }
  throw DataError(
      target, "",
      !fs::exists(folder)
          ? fmt::format("the folder '{}' does not exist", folder.string())
          : fmt::format("cannot write into '{}' ({})", folder.string(), std::strerror(errno)));
}

void sync(const std::string& path, const std::string& target, int flags) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int why = errno;
  if (fd >= 0) ::close(fd);
  // Some file systems cannot sync a folder; then the rename is as durable as they make it.
  if (!synced && !(flags & O_DIRECTORY)) {
    throw DataError(target, "",
                    fmt::format("could not be written to disk ({})", std::strerror(why)));
  }
}

}  // namespace

int mark_as_used(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) ::flock(fd, LOCK_EX | LOCK_NB);
  return fd;
}

bool is_abandoned(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return false;
  // Over NFS, only a file that is open for writing can be locked.
  const int flags = S_ISDIR(status.st_mode) ? O_RDONLY | O_DIRECTORY : O_WRONLY | O_NONBLOCK;
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return false;
  const bool locked = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
  const bool in_use = !locked && errno == EWOULDBLOCK;
  ::close(fd);
  // Where the file system has no such locks, a file that was not touched for a day is abandoned.
  return locked || (!in_use && std::time(nullptr) - status.st_mtime > 86400);
}

void remove_abandoned(const std::string& folder, const std::string& name) {
  std::error_code ignored;
  const std::size_t behind = temporary_name("", 0).size() - 1;  // ".0123456789abcdef.tmp"
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string found = entry.path().filename().string();
    if (found.size() <= 1 + behind || found[0] != '.') continue;
    const std::string target = found.substr(1, found.size() - 1 - behind);
    if (!name.empty() && target != name) continue;
    const std::string digits = found.substr(target.size() + 2, 16);
    const bool ours = digits.find_first_not_of("0123456789abcdef") == std::string::npos &&
                      found == fmt::format(".{}.{}.tmp", target, digits);
    if (ours && is_abandoned(entry.path().string())) fs::remove(entry.path(), ignored);
  }
}

AtomicFile::AtomicFile(const std::string& target) : target_(behind_links(target)) {
  if (fs::is_directory(target_)) throw DataError(target, "", "is a folder, not a file");
  remove_abandoned(folder_of(target_), fs::path(target_).filename().string());
  std::tie(temporary_, fd_) = make_temporary(target_);
  crash_point(kind_of(target_) + ".begun");
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  if (fd_ >= 0) ::close(fd_);
}

void AtomicFile::commit() {
  check(!temporary_.empty(), "{} is committed twice", target_);
  sync(temporary_, target_, 0);
  crash_point(kind_of(target_) + ".written");
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    throw DataError(target_, "", fmt::format("could not be replaced ({})", std::strerror(errno)));
  }
  temporary_.clear();
  ::close(std::exchange(fd_, -1));
  crash_point(kind_of(target_) + ".renamed");
  sync(folder_of(target_), target_, O_DIRECTORY);
}

void write_file_atomically(const std::string& path, std::string_view contents) {
  AtomicFile file(path);
  std::FILE* out = std::fopen(file.temporary().c_str(), "wb");
  const bool written =
      out != nullptr && std::fwrite(contents.data(), 1, contents.size(), out) == contents.size();
  const bool closed = out != nullptr && std::fclose(out) == 0;
  if (!written || !closed) {
    throw DataError(path, "", fmt::format("could not be written ({})", std::strerror(errno)));
  }
  file.commit();
}

}  // namespace al_mpi
