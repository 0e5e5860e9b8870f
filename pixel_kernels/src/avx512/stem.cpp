#include "stem.hpp"

#include <algorithm>

#include "tile.hpp"
#include "units.hpp"
#include "winograd.hpp"

namespace pixel_kernels::avx512 {
namespace {

constexpr std::int64_t kernel = 7, square_kernel = 4;

/// The convolution of 4 x 4 taps over squares that stands for that of 7 x 7 taps over pixels.
Convolution of_squares(const Convolution& s) {
  return {s.batch, 4 * s.in, s.out, s.height / 2, s.width / 2, square_kernel};
}

/// Calls f(tap, part) for every pixel that the 4 x 4 squares cover: `part` is the number of the
/// pixel's matrix [in, out] in the taps of squares [4, 4, 2, 2, in, out], `tap` that of its matrix
/// in the taps [7, 7, in, out]. The squares cover 8 x 8 pixels, the kernel 7 x 7: `tap` is -1 in
/// the first row and column.
template <class F>
void each_tap(F f) {
  for (std::int64_t i = 0; i < 2 * square_kernel; ++i) {
    for (std::int64_t j = 0; j < 2 * square_kernel; ++j) {
      const std::int64_t tap = i > 0 && j > 0 ? (i - 1) * kernel + j - 1 : -1;
      f(tap, ((i / 2 * square_kernel + j / 2) * 2 + i % 2) * 2 + j % 2);
    }
  }
}

}  // namespace

template <class Number>
void stem_convolution(const Convolution& shape, const float* squares, const float* weight,
                      const Epilogue<Number>& epilogue, Number* y, std::int64_t first,
                      std::int64_t last) {
  const std::int64_t matrix = shape.in * shape.out;
  const Units taps(4 * square_kernel * square_kernel * matrix);
  each_tap([&](std::int64_t tap, std::int64_t part) {
    float* to = taps.data() + part * matrix;
    if (tap >= 0) {
      std::copy_n(weight + tap * matrix, matrix, to);
    } else {
      std::fill_n(to, matrix, 0.0F);
    }
  });
  winograd_convolution<Winograd4x4>(of_squares(shape), squares, taps.data(), epilogue, y, first,
                                    last);
}

template <class Number>
void stem_weight_gradient(const Convolution& shape, const float* squares, const Number* dy,
                          float* dw, std::int64_t first, std::int64_t last) {
  const std::int64_t matrix = shape.in * shape.out;
  const Units taps(4 * square_kernel * square_kernel * matrix);
  winograd_weight_gradient<Winograd4x4>(of_squares(shape), squares, dy, taps.data(), first, last);
  const std::int64_t begin = first * channel_block;
  const std::int64_t columns = std::min(last * channel_block, shape.out) - begin;
  each_tap([&](std::int64_t tap, std::int64_t part) {
    if (tap < 0) return;
    for (std::int64_t c = 0; c < shape.in; ++c) {
      const std::int64_t row = c * shape.out + begin;
      std::copy_n(taps.data() + part * matrix + row, columns, dw + tap * matrix + row);
    }
  });
}

#define PK_INSTANTIATE(Number)                                                                \
  template void stem_convolution<Number>(const Convolution&, const float*, const float*,      \
                                         const Epilogue<Number>&, Number*, std::int64_t,      \
                                         std::int64_t);                                       \
  template void stem_weight_gradient<Number>(const Convolution&, const float*, const Number*, \
                                             float*, std::int64_t, std::int64_t);
PK_INSTANTIATE(float)
PK_INSTANTIATE(BFloat16)
#undef PK_INSTANTIATE

}  // namespace pixel_kernels::avx512
