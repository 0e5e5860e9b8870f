#include <al_mpi/farm/line_buffer.hpp>

#include <algorithm>

namespace al_mpi {

void LineBuffer::append(const char* bytes, std::size_t size) {
  if (broken_) return;
  if (begin_ > 0 && begin_ >= bytes_.size() / 2) {
    bytes_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
  }
  bytes_.append(bytes, size);
}

std::optional<std::string> LineBuffer::next() {
  if (broken_) return std::nullopt;
  const std::size_t end = bytes_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = bytes_.size();
    broken_ = bytes_.size() - begin_ > max_length_;
    return std::nullopt;
  }
  std::string line = bytes_.substr(begin_, end - begin_);
  begin_ = scanned_ = end + 1;
  broken_ = line.size() > max_length_;
  if (broken_) return std::nullopt;
  return line;
}

}  // namespace al_mpi
