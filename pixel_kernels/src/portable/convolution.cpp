#include <algorithm>
#include <type_traits>
#include <vector>

#include "number.hpp"
#include "src/instantiate.hpp"

namespace pixel_kernels::portable {
namespace {

/// Calls f(tap, pixel of the input, pixel of the output) for all pairs of pixels that a tap joins.
template <class F>
void each_pair(const Convolution& s, F f) {
  for (std::int64_t oy = 0; oy < s.out_height(); ++oy) {
    for (std::int64_t ox = 0; ox < s.out_width(); ++ox) {
      for (std::int64_t i = 0; i < s.kernel; ++i) {
        for (std::int64_t j = 0; j < s.kernel; ++j) {
          const std::int64_t iy = oy * s.stride + i - s.padding, ix = ox * s.stride + j - s.padding;
          if (iy < 0 || iy >= s.height || ix < 0 || ix >= s.width) continue;
          f(i * s.kernel + j, iy * s.width + ix, oy * s.out_width() + ox);
        }
      }
    }
  }
}

/// The channels of some blocks.
struct Channels {
  std::int64_t first, end;

  Channels(std::int64_t first_block, std::int64_t last_block, std::int64_t channels)
      : first(first_block * channel_block), end(std::min(last_block * channel_block, channels)) {}
  std::int64_t n() const { return end - first; }
};

/// Where a number of a map lies: among pixels, or among pairs of images.
struct Pixels {
  std::int64_t batch, channels;
  std::int64_t at(std::int64_t pixel, std::int64_t image, std::int64_t channel) const {
    return (pixel * batch + image) * channels + channel;
  }
};
struct Pairs {
  std::int64_t batch, channels;
  std::int64_t at(std::int64_t pixel, std::int64_t image, std::int64_t channel) const {
    return ((pixel * ((batch + 1) / 2) + image / 2) * channels + channel) * 2 + image % 2;
  }
};

/// The weights, rounded to Number.
template <class Number>
std::vector<float> as_numbers(const float* weight, const Convolution& s) {
  std::vector<float> result(weight, weight + s.kernel * s.kernel * s.in * s.out);
  for (float& value : result) value = to_float(rounded<Number>(value));
  return result;
}

/// Sums of a result, [pixels, batch, channels of the blocks].
class Sums {
 public:
  Sums(std::int64_t pixels, std::int64_t batch, const Channels& channels)
      : batch_(batch),
        n_(channels.n()),
        sums_(static_cast<std::size_t>(pixels * batch * channels.n())) {}
  float* row(std::int64_t pixel, std::int64_t image) {
    return sums_.data() + (pixel * batch_ + image) * n_;
  }

 private:
  std::int64_t batch_, n_;
  std::vector<float> sums_;
};

}  // namespace

template <class Number>
void convolution(const Convolution& s, const Input<Number>& x, const float* weight,
                 const Epilogue<Number>& epilogue, Number* y, std::int64_t first,
                 std::int64_t last) {
  const Channels out(first, last, s.out);
  const Pixels inputs{s.batch, s.in}, outputs{s.batch, s.out};
  const std::int64_t n_pixels = s.out_height() * s.out_width();
  Sums sums(n_pixels, s.batch, out);
  const std::vector<float> rounded_weight = as_numbers<Number>(weight, s);
  each_pair(s, [&](std::int64_t tap, std::int64_t from, std::int64_t to) {
    for (std::int64_t b = 0; b < s.batch; ++b) {
      float* sum = sums.row(to, b);
      for (std::int64_t c = 0; c < s.in; ++c) {
        const float value = to_float(x.pixels[inputs.at(from, b, c)]);
        const float* row = rounded_weight.data() + (tap * s.in + c) * s.out + out.first;
        for (std::int64_t o = 0; o < out.n(); ++o) sum[o] += value * row[o];
      }
    }
  });
  for (std::int64_t pixel = 0; pixel < n_pixels; ++pixel) {
    for (std::int64_t b = 0; b < s.batch; ++b) {
      for (std::int64_t o = out.first; o < out.end; ++o) {
        const std::int64_t at = outputs.at(pixel, b, o);
        float value = sums.row(pixel, b)[o - out.first];
        if (epilogue.bias != nullptr) value += epilogue.bias[o];
        if (epilogue.residual != nullptr) value += to_float(epilogue.residual[at]);
        y[at] = rounded<Number>(epilogue.relu ? rectified(value) : value);
      }
    }
  }
}

template <class Number>
void convolution_input_gradient(const Convolution& s, const Number* dy, const float* weight,
                                Number* dx, std::int64_t first, std::int64_t last) {
  const Channels in(first, last, s.in);
  const Pixels inputs{s.batch, s.in}, outputs{s.batch, s.out};
  const std::int64_t n_pixels = s.height * s.width;
  Sums sums(n_pixels, s.batch, in);
  const std::vector<float> rounded_weight = as_numbers<Number>(weight, s);
  each_pair(s, [&](std::int64_t tap, std::int64_t to, std::int64_t from) {
    for (std::int64_t b = 0; b < s.batch; ++b) {
      const Number* gradient = dy + outputs.at(from, b, 0);
      for (std::int64_t c = in.first; c < in.end; ++c) {
        const float* row = rounded_weight.data() + (tap * s.in + c) * s.out;
        float sum = 0;
        for (std::int64_t o = 0; o < s.out; ++o) sum += to_float(gradient[o]) * row[o];
        sums.row(to, b)[c - in.first] += sum;
      }
    }
  });
  for (std::int64_t pixel = 0; pixel < n_pixels; ++pixel) {
    for (std::int64_t b = 0; b < s.batch; ++b) {
      for (std::int64_t c = in.first; c < in.end; ++c)
        dx[inputs.at(pixel, b, c)] = rounded<Number>(sums.row(pixel, b)[c - in.first]);
    }
  }
}

template <class Number>
void convolution_weight_gradient(const Convolution& s, const Input<Number>& x, const Number* dy,
                                 float* dw, std::int64_t first, std::int64_t last) {
  using Layout = std::conditional_t<type_of<Number> == Type::float32, Pixels, Pairs>;
  const Channels out(first, last, s.out);
  const Layout inputs{s.batch, s.in}, outputs{s.batch, s.out};
  const std::int64_t n_rows = s.kernel * s.kernel * s.in;
  for (std::int64_t row = 0; row < n_rows; ++row)
    std::fill_n(dw + row * s.out + out.first, out.n(), 0.0F);
  each_pair(s, [&](std::int64_t tap, std::int64_t x_pixel, std::int64_t y_pixel) {
    for (std::int64_t b = 0; b < s.batch; ++b) {
      for (std::int64_t c = 0; c < s.in; ++c) {
        const float value = to_float(x.pixels[inputs.at(x_pixel, b, c)]);
        float* row = dw + (tap * s.in + c) * s.out;
        for (std::int64_t o = out.first; o < out.end; ++o)
          row[o] += value * to_float(dy[outputs.at(y_pixel, b, o)]);
      }
    }
  });
}

PK_INSTANTIATE_CONVOLUTION

}  // namespace pixel_kernels::portable
