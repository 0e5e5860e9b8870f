#include <al_mpi/io/mapped_file.hpp>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) throw DataError(path, "", errno == ENOENT ? "no such file" : std::strerror(errno));
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(fd_); }
  operator int() const { return fd_; }

 private:
  int fd_;
};

std::int64_t size_of(const Descriptor& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file, &status) != 0) throw DataError(path, "", std::strerror(errno));
  if (!S_ISREG(status.st_mode)) throw DataError(path, "", "not a file");
  return status.st_size;
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::map(const std::string& path) {
  return map(path, 0, size_of(Descriptor(path), path));
}

std::shared_ptr<const MappedFile> MappedFile::map(const std::string& path, std::int64_t offset,
                                                  std::int64_t size) {
  const Descriptor file(path);
  const std::int64_t file_size = size_of(file, path);
  if (offset < 0 || size < 0 || offset > file_size || size > file_size - offset) {
    throw DataError(path, "",
                    fmt::format("truncated file ({} bytes, {} expected from byte {} on)", file_size,
                                size, offset));
  }
  std::shared_ptr<MappedFile> mapped(new MappedFile);
  if (size == 0) return mapped;
  const std::int64_t before = offset % ::sysconf(_SC_PAGESIZE);
  mapped->length_ = static_cast<std::size_t>(size + before);
  void* begin = ::mmap(nullptr, mapped->length_, PROT_READ, MAP_SHARED, file, offset - before);
  if (begin == MAP_FAILED) {
    throw DataError(path, "",
                    fmt::format("could not be mapped into memory ({})", std::strerror(errno)));
  }
  mapped->begin_ = begin;
  mapped->data_ = static_cast<const char*>(begin) + before;
  mapped->size_ = size;
  return mapped;
}

MappedFile::~MappedFile() {
  if (begin_ != nullptr) ::munmap(begin_, length_);
}

}  // namespace al_mpi
