#include "lanes.hpp"
#include "src/instantiate.hpp"

namespace pixel_kernels::avx512 {
namespace {

std::int64_t halved(std::int64_t size) {
  return (size + 1) / 2;
}

/// Calls f(tap, pixel of the input) for the taps of an output position that lie in a map of `size`.
template <class F>
void each_tap(std::int64_t output, std::int64_t size, F f) {
  for (std::int64_t tap = 0; tap < 3; ++tap) {
    const std::int64_t at = 2 * output + tap - 1;
    if (at >= 0 && at < size) f(tap, at);
  }
}

}  // namespace

template <class Number>
void max_pool(const MaxPool& shape, const Number* x, Number* y, std::uint8_t* from) {
  const std::int64_t out_height = halved(shape.height), out_width = halved(shape.width);
  for (std::int64_t oy = 0; oy < out_height; ++oy) {
    for (std::int64_t ox = 0; ox < out_width; ++ox) {
      for (std::int64_t c = 0; c < shape.row; c += 16) {
        const __mmask16 lanes = first_lanes(shape.row - c);
        __m512 best = _mm512_set1_ps(-__builtin_inff());
        __m512i tap_of_best = _mm512_set1_epi32(4);  // the middle one always exists
        each_tap(oy, shape.height, [&](std::int64_t i, std::int64_t iy) {
          each_tap(ox, shape.width, [&](std::int64_t j, std::int64_t ix) {
            const __m512 value = load(x + (iy * shape.width + ix) * shape.row + c, lanes);
            const __mmask16 better = _mm512_cmp_ps_mask(value, best, _CMP_GT_OQ) |
                                     _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
            best = _mm512_mask_mov_ps(best, better, value);
            tap_of_best = _mm512_mask_mov_epi32(tap_of_best, better,
                                                _mm512_set1_epi32(static_cast<int>(3 * i + j)));
          });
        });
        const std::int64_t at = (oy * out_width + ox) * shape.row + c;
        store(y + at, best, lanes);
        _mm512_mask_cvtepi32_storeu_epi8(from + at, lanes, tap_of_best);
      }
    }
  }
}

template <class Number>
void max_pool_gradient(const MaxPool& shape, const Number* dy, const std::uint8_t* from,
                       Number* dx) {
  const std::int64_t out_height = halved(shape.height), out_width = halved(shape.width);
  // An input lies at 2 * output + tap - 1: one at an even place is tap 1 of one output, one at an
  // odd place is tap 2 of an output and tap 0 of the next.
  const auto each_output = [](std::int64_t input, std::int64_t size, auto f) {
    for (std::int64_t tap = input % 2 == 0 ? 1 : 0; tap < 3; tap += 2) {
      const std::int64_t output = (input + 1 - tap) / 2;
      if (output < size) f(tap, output);
    }
  };
  for (std::int64_t iy = 0; iy < shape.height; ++iy) {
    for (std::int64_t ix = 0; ix < shape.width; ++ix) {
      for (std::int64_t c = 0; c < shape.row; c += 16) {
        const __mmask16 lanes = first_lanes(shape.row - c);
        __m512 sum = _mm512_setzero_ps();
        each_output(iy, out_height, [&](std::int64_t i, std::int64_t oy) {
          each_output(ix, out_width, [&](std::int64_t j, std::int64_t ox) {
            const std::int64_t at = (oy * out_width + ox) * shape.row + c;
            const __m128i taps = _mm_maskz_loadu_epi8(lanes, from + at);
            const __mmask16 chosen =
                _mm_mask_cmpeq_epi8_mask(lanes, taps, _mm_set1_epi8(static_cast<char>(3 * i + j)));
            sum = _mm512_add_ps(sum, load(dy + at, chosen));
          });
        });
        store(dx + (iy * shape.width + ix) * shape.row + c, sum, lanes);
      }
    }
  }
}

PK_INSTANTIATE_POOLING

}  // namespace pixel_kernels::avx512
