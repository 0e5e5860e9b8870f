#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace pixel_kernels::avx512 {

/// Uninitialised 32-bit units that begin with a cache line, so that no load of a register needs two
/// lines.
class Units {
 public:
  explicit Units(std::int64_t n)
      : data_(static_cast<float*>(std::aligned_alloc(line, (bytes(n) + line - 1) / line * line))) {
    if (data_ == nullptr) throw std::bad_alloc();
  }
  float* data() const { return data_.get(); }

 private:
  static constexpr std::size_t line = 64;
  static std::size_t bytes(std::int64_t n) { return static_cast<std::size_t>(n) * 4; }
  struct Free {
    void operator()(float* data) const { std::free(data); }
  };
  std::unique_ptr<float, Free> data_;
};

}  // namespace pixel_kernels::avx512
