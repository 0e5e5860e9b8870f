// Compiled for AVX-512 (CMakeLists.txt): include nothing here whose inline functions other sources
// share.
#ifdef __x86_64__
#include "lanes.hpp"
#include <al_mpi/kernels/pixels.hpp>

namespace al_mpi {

namespace {

/// n numbers, then zeros up to `padded`.
template <class Number>
void convert(const float* from, std::int64_t n, std::int64_t padded, Number* to) {
  for (std::int64_t i = 0; i < padded; i += 16)
    store(to + i, load(from + i, first_lanes(n - i)), first_lanes(padded - i));
}

}  // namespace

template <class Number>
void to_pixels(const MapLayout& layout, const float* map, std::int64_t padded, Number* pixels) {
  for (std::int64_t y = 0; y < layout.height; ++y) {
    for (std::int64_t x = 0; x < layout.width; ++x) {
      const float* row = map + y * layout.height_step + x * layout.width_step;
      for (std::int64_t b = 0; b < layout.batch; ++b, row += layout.batch_step, pixels += padded) {
        convert(row, layout.channels, padded, pixels);
      }
    }
  }
}

template <class Number>
void to_rows(const MapLayout& layout, const float* map, std::int64_t padding, std::int64_t row,
             Number* rows) {
  const std::int64_t border = padding * layout.channels, inner = layout.width * layout.channels;
  const bool joined = layout.width_step == layout.channels;  // a row of pixels is one of numbers
  for (std::int64_t y = 0; y < layout.height; ++y) {
    for (std::int64_t b = 0; b < layout.batch; ++b, rows += row) {
      const float* pixel = map + y * layout.height_step + b * layout.batch_step;
      convert(pixel, 0, border, rows);
      if (joined) {
        convert(pixel, inner, row - border, rows + border);
        continue;
      }
      Number* to = rows + border;
      for (std::int64_t x = 0; x < layout.width; ++x, to += layout.channels)
        convert(pixel + x * layout.width_step, layout.channels, layout.channels, to);
      convert(pixel, 0, rows + row - to, to);
    }
  }
}

template void to_rows<float>(const MapLayout&, const float*, std::int64_t, std::int64_t, float*);
template void to_rows<BFloat16>(const MapLayout&, const float*, std::int64_t, std::int64_t,
                                BFloat16*);
template void to_pixels<float>(const MapLayout&, const float*, std::int64_t, float*);
template void to_pixels<BFloat16>(const MapLayout&, const float*, std::int64_t, BFloat16*);

}  // namespace al_mpi

#endif
