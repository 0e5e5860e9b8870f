#include <algorithm>

#include <pixel_kernels/level.hpp>
#include "instantiate.hpp"

// The choice of the implementation: choose() names the way of a convolution, PK_CALL calls the
// kernel of the process's level.
namespace pixel_kernels {
namespace {

bool is_stem(const Convolution& s) {
  return s.kernel == 7 && s.stride == 2 && s.padding == 3 && s.height % 2 == 0 &&
         s.width % 2 == 0 && s.in <= 16 && s.out % 16 == 0;
}

/// Whether Winograd's way saves enough of the products to pay for its transforms. Products with the
/// border, which the direct way skips, are not counted as saved.
bool winograd_pays(const Convolution& s, Type type) {
  if (s.kernel != 3 || s.stride != 1 || s.padding != 1) return false;
  if (s.in % 16 != 0 || s.out % 16 != 0 || std::min(s.in, s.out) < 32) return false;
  const std::int64_t outputs = type == Type::float32 ? 4 : 2;  // of a tile, along a side
  const std::int64_t tiles =
      ((s.height + outputs - 1) / outputs) * ((s.width + outputs - 1) / outputs);
  const std::int64_t products = (outputs + 2) * (outputs + 2) * tiles;
  const std::int64_t direct = (3 * s.height - 2) * (3 * s.width - 2);
  // The transforms of inputs and outputs cost about a third of the products in float32, half in
  // bfloat16; those of weights are shared by all tiles and images.
  const bool saves = type == Type::float32 ? 2 * products < direct : 3 * products < 2 * direct;
  return saves && tiles * s.batch >= 8;
}

}  // namespace

Way choose(const Convolution& shape, Type type) {
  if (level() != Level::avx512) return Way::direct;  // level portable has no other
  if (is_stem(shape)) return Way::stem;
  if (winograd_pays(shape, type)) return Way::winograd;
  return Way::direct;
}

#ifdef __x86_64__
#define PK_CALL(kernel, ...) \
  (level() == Level::avx512 ? avx512::kernel(__VA_ARGS__) : portable::kernel(__VA_ARGS__))
#else
#define PK_CALL(kernel, ...) portable::kernel(__VA_ARGS__)
#endif

template <class Number>
void convolution(const Convolution& shape, const Input<Number>& x, const float* weight,
                 const Epilogue<Number>& epilogue, Number* y, std::int64_t first,
                 std::int64_t last) {
  PK_CALL(convolution, shape, x, weight, epilogue, y, first, last);
}

template <class Number>
void convolution_input_gradient(const Convolution& shape, const Number* dy, const float* weight,
                                Number* dx, std::int64_t first, std::int64_t last) {
  PK_CALL(convolution_input_gradient, shape, dy, weight, dx, first, last);
}

template <class Number>
void convolution_weight_gradient(const Convolution& shape, const Input<Number>& x, const Number* dy,
                                 float* dw, std::int64_t first, std::int64_t last) {
  PK_CALL(convolution_weight_gradient, shape, x, dy, dw, first, last);
}

template <class Number>
void to_pixels(const MapLayout& layout, const float* map, std::int64_t padded, Number* pixels) {
  PK_CALL(to_pixels, layout, map, padded, pixels);
}

void interleave_images(const BFloat16* map, std::int64_t pixels, std::int64_t batch,
                       std::int64_t channels, BFloat16* pairs) {
  PK_CALL(interleave_images, map, pixels, batch, channels, pairs);
}

void to_squares(const MapLayout& layout, const float* map, float* squares) {
  const std::int64_t channels = layout.channels;
  for (std::int64_t y = 0; y < layout.height; y += 2) {
    for (std::int64_t x = 0; x < layout.width; x += 2) {
      for (std::int64_t b = 0; b < layout.batch; ++b) {
        for (std::int64_t p = 0; p < 4; ++p, squares += channels) {
          const float* pixel = map + (y + p / 2) * layout.height_step +
                               (x + p % 2) * layout.width_step + b * layout.batch_step;
          std::copy_n(pixel, channels, squares);
        }
      }
    }
  }
}

template <class Number>
void channel_moments(const Rows& rows, const Number* x, float* mean, float* variance) {
  PK_CALL(channel_moments, rows, x, mean, variance);
}

template <class Number>
void scale_and_shift(const Rows& rows, const Number* x, const float* scale, const float* shift,
                     const Number* residual, bool relu, Number* y) {
  PK_CALL(scale_and_shift, rows, x, scale, shift, residual, relu, y);
}

template <class Number>
void normalization_gradient(const Rows& rows, const Number* x, const Number* y, const Number* dy,
                            bool relu, const float* mean, const float* inverse_deviation,
                            const float* weight, Number* dx, Number* dresidual,
                            const NormalizationGradients& gradients) {
  PK_CALL(normalization_gradient, rows, x, y, dy, relu, mean, inverse_deviation, weight, dx,
          dresidual, gradients);
}

template <class Number>
void max_pool(const MaxPool& shape, const Number* x, Number* y, std::uint8_t* from) {
  PK_CALL(max_pool, shape, x, y, from);
}

template <class Number>
void max_pool_gradient(const MaxPool& shape, const Number* dy, const std::uint8_t* from,
                       Number* dx) {
  PK_CALL(max_pool_gradient, shape, dy, from, dx);
}

PK_INSTANTIATE_CONVOLUTION
PK_INSTANTIATE_LAYOUT
PK_INSTANTIATE_NORMALIZATION
PK_INSTANTIATE_POOLING

}  // namespace pixel_kernels
