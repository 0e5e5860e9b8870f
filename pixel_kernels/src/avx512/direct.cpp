#include "direct.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tile.hpp"
#include "units.hpp"

namespace pixel_kernels::avx512 {
namespace {

/// The number of 32-bit units that `channels` numbers take.
template <class Number>
constexpr std::int64_t units(std::int64_t channels) {
  return channels * static_cast<std::int64_t>(sizeof(Number)) / 4;
}

/// One axis of a convolution. For a pixel of the result and a tap, its functions give the pixel of
/// the other map that the tap joins it with, or -1.
struct Axis {
  std::int64_t size, stride, padding;  ///< size of the other map

  std::int64_t input_of(std::int64_t output, std::int64_t tap) const {
    const std::int64_t at = output * stride + tap - padding;
    return at < size ? std::max<std::int64_t>(at, -1) : -1;
  }
  std::int64_t output_of(std::int64_t input, std::int64_t tap) const {
    const std::int64_t at = input + padding - tap;
    return at >= 0 && at % stride == 0 && at / stride < size ? at / stride : -1;
  }
};

/// A map as the matrix products see it.
template <class Number>
struct Map {
  Number* data;
  std::int64_t height, width, batch, channels;

  Number* pixel(std::int64_t y, std::int64_t x) const {
    return data + (y * width + x) * batch * channels;
  }
};

/// Neighbouring pixels of a result that the same taps reach, which one product computes together.
struct Run {
  std::int64_t y, x, n;
  std::size_t first_term, n_terms;
};

/// How every pixel of a result is computed: a sum over the taps that reach it, whose terms are the
/// tap's matrix in the panel times a pixel of the source.
struct Plan {
  std::vector<Run> runs;
  std::vector<Term> terms;
};

template <class Number, class Other>
Plan plan_of(const Map<const Number>& source, std::int64_t height, std::int64_t width,
             std::int64_t kernel, const float* panel, Other other_pixel) {
  const std::int64_t depth = units<Number>(source.channels);
  const std::int64_t pixel = source.batch * depth;
  Plan plan;
  const auto same_taps = [&](const Run& run, const Run& next) {
    const Term* a = plan.terms.data() + run.first_term;
    const Term* b = plan.terms.data() + next.first_term;
    return run.y == next.y && run.n_terms == next.n_terms &&
           std::equal(a, a + run.n_terms, b, [&](const Term& one, const Term& other) {
             return one.a == other.a && one.b + run.n * pixel == other.b;
           });
  };
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const std::size_t first = plan.terms.size();
      for (std::int64_t i = 0; i < kernel; ++i) {
        const std::int64_t row = other_pixel(0, y, i);
        for (std::int64_t j = 0; row >= 0 && j < kernel; ++j) {
          const std::int64_t column = other_pixel(1, x, j);
          if (column < 0) continue;
          plan.terms.push_back({panel + (i * kernel + j) * depth * channel_block,
                                reinterpret_cast<const float*>(source.pixel(row, column))});
        }
      }
      const Run run{y, x, 1, first, plan.terms.size() - first};
      if (!plan.runs.empty() && same_taps(plan.runs.back(), run)) {
        ++plan.runs.back().n;
        plan.terms.resize(first);
      } else {
        plan.runs.push_back(run);
      }
    }
  }
  return plan;
}

template <class Number>
void carry_out(const Plan& plan, std::int64_t depth, const Map<Number>& result,
               std::int64_t columns, const Epilogue<Number>& epilogue) {
  for (const Run& run : plan.runs) {
    Number* pixel = result.pixel(run.y, run.x);
    Target<Number> target{pixel, result.channels, columns, false, epilogue};
    if (epilogue.residual != nullptr) target.epilogue.residual += pixel - result.data;
    multiply<Number, Number>(
        {plan.terms.data() + run.first_term, static_cast<std::int64_t>(run.n_terms), depth,
         channel_block, depth, 1},
        run.n * result.batch, target);
  }
}

}  // namespace

template <class Number>
void direct_convolution(const Convolution& shape, const Number* x, const float* weight,
                        const Epilogue<Number>& epilogue, Number* y, std::int64_t first,
                        std::int64_t last) {
  const std::int64_t taps = shape.kernel * shape.kernel;
  const Map<const Number> source{x, shape.height, shape.width, shape.batch, shape.in};
  const Axis axes[] = {{shape.height, shape.stride, shape.padding},
                       {shape.width, shape.stride, shape.padding}};
  const Units panel(taps * units<Number>(shape.in) * channel_block);
  const Plan plan = plan_of(source, shape.out_height(), shape.out_width(), shape.kernel,
                            panel.data(), [&](int axis, std::int64_t output, std::int64_t tap) {
                              return axes[axis].input_of(output, tap);
                            });
  for (std::int64_t block = first; block < last; ++block) {
    const std::int64_t channel = block * channel_block, columns = columns_of(shape.out, block);
    pack_outputs<Number>(weight, taps, shape.in, shape.out, channel, columns, panel.data());
    const Map<Number> result{y + channel, shape.out_height(), shape.out_width(), shape.batch,
                             shape.out};
    Epilogue<Number> of_block = epilogue;
    if (epilogue.bias != nullptr) of_block.bias += channel;
    if (epilogue.residual != nullptr) of_block.residual += channel;
    carry_out(plan, units<Number>(shape.in), result, columns, of_block);
  }
}

template <class Number>
void direct_convolution_input_gradient(const Convolution& shape, const Number* dy,
                                       const float* weight, Number* dx, std::int64_t first,
                                       std::int64_t last) {
  const std::int64_t taps = shape.kernel * shape.kernel;
  const Map<const Number> source{dy, shape.out_height(), shape.out_width(), shape.batch, shape.out};
  const Axis axes[] = {{shape.out_height(), shape.stride, shape.padding},
                       {shape.out_width(), shape.stride, shape.padding}};
  const Units panel(taps * units<Number>(shape.out) * channel_block);
  const Plan plan = plan_of(source, shape.height, shape.width, shape.kernel, panel.data(),
                            [&](int axis, std::int64_t input, std::int64_t tap) {
                              return axes[axis].output_of(input, tap);
                            });
  for (std::int64_t block = first; block < last; ++block) {
    const std::int64_t channel = block * channel_block, columns = columns_of(shape.in, block);
    pack_inputs<Number>(weight, taps, shape.in, shape.out, channel, columns, panel.data());
    const Map<Number> result{dx + channel, shape.height, shape.width, shape.batch, shape.in};
    carry_out<Number>(plan, units<Number>(shape.out), result, columns, {});
  }
}

template <class Number>
void direct_convolution_weight_gradient(const Convolution& shape, const Number* x, const Number* dy,
                                        float* dw, std::int64_t first, std::int64_t last) {
  // The rows of a matrix are the images, in bfloat16 pairs of images: such a pair is one unit.
  const std::int64_t rows = sizeof(Number) == 4 ? shape.batch : (shape.batch + 1) / 2;
  const std::int64_t x_pixel = rows * shape.in, dy_pixel = rows * shape.out;
  const auto* x_units = reinterpret_cast<const float*>(x);
  const auto* dy_units = reinterpret_cast<const float*>(dy);
  const Axis down{shape.height, shape.stride, shape.padding};
  const Axis across{shape.width, shape.stride, shape.padding};
  const std::int64_t height = shape.out_height(), width = shape.out_width();
  // So many rows of pixels are done at a time that they stay in the second-level cache for all
  // taps.
  constexpr std::int64_t cached_units = 128 << 10;
  const std::int64_t row_units = shape.width * shape.stride * x_pixel + width * dy_pixel;
  const std::int64_t chunk = std::max<std::int64_t>(1, cached_units / row_units);
  std::vector<Term> terms;
  for (std::int64_t top = 0; top < height; top += chunk) {
    for (std::int64_t i = 0; i < shape.kernel; ++i) {
      for (std::int64_t j = 0; j < shape.kernel; ++j) {
        terms.clear();
        for (std::int64_t oy = top; oy < std::min(top + chunk, height); ++oy) {
          const std::int64_t iy = down.input_of(oy, i);
          if (iy < 0) continue;
          for (std::int64_t ox = 0; ox < width; ++ox) {
            const std::int64_t ix = across.input_of(ox, j);
            if (ix < 0) continue;
            terms.push_back({dy_units + (oy * width + ox) * dy_pixel,
                             x_units + (iy * shape.width + ix) * x_pixel});
          }
        }
        float* of_tap = dw + (i * shape.kernel + j) * shape.in * shape.out;
        for (std::int64_t block = first; block < last; ++block) {
          const std::int64_t channel = block * channel_block;
          multiply<Number, float>(
              {terms.data(), static_cast<std::int64_t>(terms.size()), rows, shape.out, 1, shape.in,
               channel},
              shape.in, {of_tap + channel, shape.out, columns_of(shape.out, block), top > 0, {}});
        }
      }
    }
  }
}

#define PK_INSTANTIATE(Number)                                                               \
  template void direct_convolution<Number>(const Convolution&, const Number*, const float*,  \
                                           const Epilogue<Number>&, Number*, std::int64_t,   \
                                           std::int64_t);                                    \
  template void direct_convolution_input_gradient<Number>(                                   \
      const Convolution&, const Number*, const float*, Number*, std::int64_t, std::int64_t); \
  template void direct_convolution_weight_gradient<Number>(                                  \
      const Convolution&, const Number*, const Number*, float*, std::int64_t, std::int64_t);
PK_INSTANTIATE(float)
PK_INSTANTIATE(BFloat16)
#undef PK_INSTANTIATE

}  // namespace pixel_kernels::avx512
