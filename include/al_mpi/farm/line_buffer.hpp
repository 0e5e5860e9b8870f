#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace al_mpi {

/// Cuts a stream of bytes into lines. A line longer than `max_length` breaks the stream for good:
/// memory stays bounded whatever the other side writes.
class LineBuffer {
 public:
  explicit LineBuffer(std::size_t max_length = std::size_t{64} << 20) : max_length_(max_length) {}

  void append(const char* bytes, std::size_t size);
  std::optional<std::string> next();  ///< the next whole line, without its newline
  bool broken() const { return broken_; }

 private:
  std::string bytes_;
  std::size_t begin_ = 0;    ///< of the first unread line
  std::size_t scanned_ = 0;  ///< no newline before this
  std::size_t max_length_;
  bool broken_ = false;
};

}  // namespace al_mpi
