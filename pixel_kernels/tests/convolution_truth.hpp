#pragma once

#include <cstdint>
#include <vector>

#include <pixel_kernels/convolution.hpp>
#include "numbers.hpp"

namespace pixel_kernels {

/// Calls f(x at, weight at, y at) for every product of a convolution, in pixel-major order.
template <class F>
void each_product(const Convolution& s, F f) {
  for (std::int64_t oy = 0; oy < s.out_height(); ++oy)
    for (std::int64_t ox = 0; ox < s.out_width(); ++ox)
      for (std::int64_t i = 0; i < s.kernel; ++i)
        for (std::int64_t j = 0; j < s.kernel; ++j) {
          const std::int64_t iy = oy * s.stride + i - s.padding, ix = ox * s.stride + j - s.padding;
          if (iy < 0 || iy >= s.height || ix < 0 || ix >= s.width) continue;
          for (std::int64_t b = 0; b < s.batch; ++b)
            for (std::int64_t c = 0; c < s.in; ++c)
              for (std::int64_t o = 0; o < s.out; ++o)
                f(((iy * s.width + ix) * s.batch + b) * s.in + c,
                  ((i * s.kernel + j) * s.in + c) * s.out + o,
                  ((oy * s.out_width() + ox) * s.batch + b) * s.out + o);
        }
}

inline std::int64_t inputs(const Convolution& s) {
  return s.height * s.width * s.batch * s.in;
}
inline std::int64_t outputs(const Convolution& s) {
  return s.out_height() * s.out_width() * s.batch * s.out;
}
inline std::int64_t weights(const Convolution& s) {
  return s.kernel * s.kernel * s.in * s.out;
}

/// The results of a convolution's kernels, with sums in double: y, dx, dw.
struct Truth {
  std::vector<double> y, dx, dw;

  Truth(const Convolution& s, const std::vector<double>& x, const std::vector<double>& w,
        const std::vector<double>& dy)
      : y(dy.size()), dx(x.size()), dw(w.size()) {
    each_product(s, [&](std::int64_t at_x, std::int64_t at_w, std::int64_t at_y) {
      const auto i = static_cast<std::size_t>(at_x), k = static_cast<std::size_t>(at_w),
                 o = static_cast<std::size_t>(at_y);
      y[o] += x[i] * w[k];
      dx[i] += dy[o] * w[k];
      dw[k] += dy[o] * x[i];
    });
  }
};

}  // namespace pixel_kernels
