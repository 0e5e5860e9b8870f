#include <algorithm>
#include <cmath>
#include <vector>

#include "number.hpp"
#include "src/instantiate.hpp"

namespace pixel_kernels::portable {
namespace {

/// Calls f(tap, pixel of the input) for the taps of an output pixel that lie in the map.
template <class F>
void each_tap(const MaxPool& s, std::int64_t oy, std::int64_t ox, F f) {
  for (std::int64_t tap = 0; tap < 9; ++tap) {
    const std::int64_t iy = 2 * oy + tap / 3 - 1, ix = 2 * ox + tap % 3 - 1;
    if (iy >= 0 && iy < s.height && ix >= 0 && ix < s.width) f(tap, iy * s.width + ix);
  }
}

}  // namespace

template <class Number>
void max_pool(const MaxPool& s, const Number* x, Number* y, std::uint8_t* from) {
  for (std::int64_t oy = 0; oy < s.out_height(); ++oy) {
    for (std::int64_t ox = 0; ox < s.out_width(); ++ox, y += s.row, from += s.row) {
      for (std::int64_t c = 0; c < s.row; ++c) {
        float best = -INFINITY;
        from[c] = 4;  // the middle one always exists
        each_tap(s, oy, ox, [&](std::int64_t tap, std::int64_t pixel) {
          const float value = to_float(x[pixel * s.row + c]);
          if (!(value > best) && !std::isnan(value)) return;
          best = value;
          from[c] = static_cast<std::uint8_t>(tap);
        });
        y[c] = rounded<Number>(best);
      }
    }
  }
}

template <class Number>
void max_pool_gradient(const MaxPool& s, const Number* dy, const std::uint8_t* from, Number* dx) {
  std::vector<float> sums(static_cast<std::size_t>(s.height * s.width * s.row));
  for (std::int64_t oy = 0; oy < s.out_height(); ++oy) {
    for (std::int64_t ox = 0; ox < s.out_width(); ++ox, dy += s.row, from += s.row) {
      each_tap(s, oy, ox, [&](std::int64_t tap, std::int64_t pixel) {
        for (std::int64_t c = 0; c < s.row; ++c) {
          if (from[c] == tap) sums[static_cast<std::size_t>(pixel * s.row + c)] += to_float(dy[c]);
        }
      });
    }
  }
  std::transform(sums.begin(), sums.end(), dx, rounded<Number>);
}

PK_INSTANTIATE_POOLING

}  // namespace pixel_kernels::portable
