#include <algorithm>
#include <cstdint>
#include <vector>

#include "tile.hpp"
#include "units.hpp"
#include "winograd.hpp"
#include <al_mpi/kernels/pixel_convolution.hpp>

namespace al_mpi {
namespace {

/// Units of 32 bits that so many numbers take.
template <class Number>
constexpr std::int64_t units(std::int64_t numbers) {
  return (numbers * static_cast<std::int64_t>(sizeof(Number)) + 3) / 4;
}

/// One axis of a convolution. Of a pixel of the result and a tap: the pixel of the other map that
/// the tap joins it with, or -1.
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

/// A map as the products see it.
template <class Number>
struct Map {
  Number* data;
  std::int64_t row, column, image;  ///< numbers from one to the next
  std::int64_t channels;

  Number* pixel(std::int64_t y, std::int64_t x) const { return data + y * row + x * column; }
};

template <class Number>
Map<Number> pixel_map(Number* data, std::int64_t width, std::int64_t images,
                      std::int64_t channels) {
  return {data, width * images * channels, images * channels, channels, channels};
}

/// The input of a convolution and how its pixels meet those of the output. A pixel of bordered rows
/// is all that a kernel's row reaches.
template <class Number>
struct Input {
  Map<Number> map;
  std::int64_t taps_across;
  Axis down, across;

  Input(const PixelConvolution& s, Number* data, std::int64_t images)
      : map(s.rows ? Map<Number>{data, images * s.row(), s.stride * s.in, s.row(), s.kernel * s.in}
                   : pixel_map(data, s.width, images, s.in)),
        taps_across(s.rows ? 1 : s.kernel),
        down{s.height, s.stride, s.padding},
        across(s.rows ? Axis{s.out_width(), 1, 0} : Axis{s.width, s.stride, s.padding}) {}
};

/// Neighbouring pixels of a result that the same taps reach, which one product computes together.
struct Run {
  std::int64_t y, x, n;
  std::size_t first_term, n_terms;
};

/// Every pixel of a result as the sum, over the taps that reach it, of the panel's matrix of the
/// tap times a pixel of the source.
struct Plan {
  std::vector<Run> runs;
  std::vector<Term> terms;
};

struct Taps {
  std::int64_t down, across;
};

/// other_y(y, i) and other_x(x, j): the source's pixel that tap (i, j) joins with (y, x).
template <class Number, class OtherY, class OtherX>
Plan plan_of(const Map<const Number>& source, std::int64_t batch, std::int64_t height,
             std::int64_t width, const Taps& taps, const float* panel, OtherY other_y,
             OtherX other_x) {
  const std::int64_t tap_units = units<Number>(source.channels) * channel_block;
  const std::int64_t pixel = batch * units<Number>(source.image);
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
      for (std::int64_t i = 0; i < taps.down; ++i) {
        const std::int64_t row = other_y(y, i);
        for (std::int64_t j = 0; row >= 0 && j < taps.across; ++j) {
          const std::int64_t column = other_x(x, j);
          if (column < 0) continue;
          plan.terms.push_back({panel + (i * taps.across + j) * tap_units,
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
void carry_out(const Plan& plan, const Map<const Number>& source, std::int64_t batch,
               const Map<Number>& result, std::int64_t columns, const Epilogue<Number>& epilogue,
               Ahead ahead) {
  for (const Run& run : plan.runs) {
    Number* pixel = result.pixel(run.y, run.x);
    Target<Number> target{pixel, result.image, columns, false, epilogue};
    if (epilogue.residual != nullptr) target.epilogue.residual += pixel - result.data;
    multiply<Number, Number>(
        {plan.terms.data() + run.first_term, static_cast<std::int64_t>(run.n_terms),
         units<Number>(source.channels), channel_block, units<Number>(source.image), 1, &ahead},
        run.n * batch, target);
  }
}

}  // namespace

template <class Number>
void pixel_convolution(const PixelConvolution& shape, const Number* x, const float* weight,
                       const Epilogue<Number>& epilogue, Number* y, std::int64_t first,
                       std::int64_t last) {
  if (winograd_pays<Number>(shape))
    return winograd_convolution(shape, x, weight, epilogue, y, first, last);
  const Input<const Number> input(shape, x, shape.batch);
  const std::int64_t taps = shape.kernel * input.taps_across, depth = input.map.channels;
  const Units panel(taps * units<Number>(depth) * channel_block);
  const Plan plan = plan_of(
      input.map, shape.batch, shape.out_height(), shape.out_width(),
      {shape.kernel, input.taps_across}, panel.data(),
      [&](std::int64_t output, std::int64_t tap) { return input.down.input_of(output, tap); },
      [&](std::int64_t output, std::int64_t tap) { return input.across.input_of(output, tap); });
  for (std::int64_t block = first; block < last; ++block) {
    const std::int64_t channel = block * channel_block, columns = columns_of(shape.out, block);
    pack_outputs<Number>(weight, taps, depth, shape.out, channel, columns, panel.data());
    Epilogue<Number> of_block = epilogue;
    if (epilogue.bias != nullptr) of_block.bias += channel;
    if (epilogue.residual != nullptr) of_block.residual += channel;
    carry_out(plan, input.map, shape.batch,
              pixel_map(y + channel, shape.out_width(), shape.batch, shape.out), columns, of_block,
              outputs_ahead(weight, taps, depth, shape.out, block + 1, last));
  }
}

template <class Number>
void pixel_convolution_input_gradient(const PixelConvolution& shape, const Number* dy,
                                      const float* weight, Number* dx, std::int64_t first,
                                      std::int64_t last) {
  if (winograd_pays<Number>(shape))
    return winograd_input_gradient(shape, dy, weight, dx, first, last);
  const std::int64_t taps = shape.kernel * shape.kernel;
  const auto source = pixel_map(dy, shape.out_width(), shape.batch, shape.out);
  const Axis down{shape.out_height(), shape.stride, shape.padding};
  const Axis across{shape.out_width(), shape.stride, shape.padding};
  const Units panel(taps * units<Number>(shape.out) * channel_block);
  const Plan plan = plan_of(
      source, shape.batch, shape.height, shape.width, {shape.kernel, shape.kernel}, panel.data(),
      [&](std::int64_t input, std::int64_t tap) { return down.output_of(input, tap); },
      [&](std::int64_t input, std::int64_t tap) { return across.output_of(input, tap); });
  for (std::int64_t block = first; block < last; ++block) {
    const std::int64_t channel = block * channel_block, columns = columns_of(shape.in, block);
    pack_inputs<Number>(weight, taps, shape.in, shape.out, channel, columns, panel.data());
    carry_out<Number>(plan, source, shape.batch,
                      pixel_map(dx + channel, shape.width, shape.batch, shape.in), columns, {},
                      inputs_ahead(weight, taps, shape.in, shape.out, block + 1, last));
  }
}

template <class Number>
void pixel_convolution_weight_gradient(const PixelConvolution& shape, const Number* x,
                                       const Number* dy, float* dw, std::int64_t first,
                                       std::int64_t last) {
  if (winograd_pays<Number>(shape)) return winograd_weight_gradient(shape, x, dy, dw, first, last);
  // A matrix's rows are the images, bfloat16's pairs of images: a unit of both operands.
  const std::int64_t rows = sizeof(Number) == 4 ? shape.batch : (shape.batch + 1) / 2;
  const Input<const float> input(shape, reinterpret_cast<const float*>(x), rows);
  const std::int64_t height = shape.out_height(), width = shape.out_width();
  const auto output = pixel_map(reinterpret_cast<const float*>(dy), width, rows, shape.out);
  // As many rows of pixels at a time as stay in the second-level cache for all taps.
  constexpr std::int64_t cached_units = 128 << 10;
  const std::int64_t row_units = shape.stride * input.map.row + output.row;
  const std::int64_t chunk = std::max<std::int64_t>(1, cached_units / row_units);
  const std::int64_t depth = input.map.channels;
  std::vector<Term> terms;
  for (std::int64_t top = 0; top < height; top += chunk) {
    for (std::int64_t i = 0; i < shape.kernel; ++i) {
      for (std::int64_t j = 0; j < input.taps_across; ++j) {
        terms.clear();
        for (std::int64_t oy = top; oy < std::min(top + chunk, height); ++oy) {
          const std::int64_t iy = input.down.input_of(oy, i);
          if (iy < 0) continue;
          for (std::int64_t ox = 0; ox < width; ++ox) {
            const std::int64_t ix = input.across.input_of(ox, j);
            if (ix >= 0) terms.push_back({output.pixel(oy, ox), input.map.pixel(iy, ix)});
          }
        }
        float* of_tap = dw + (i * input.taps_across + j) * depth * shape.out;
        for (std::int64_t block = first; block < last; ++block) {
          const std::int64_t channel = block * channel_block;
          const float* next = block + 1 < last ? of_tap + channel + channel_block
                                               : of_tap + depth * shape.out + first * channel_block;
          Ahead ahead(next, 1, 0, depth, shape.out);
          multiply<Number, float>(
              {terms.data(), static_cast<std::int64_t>(terms.size()), rows, shape.out, 1,
               input.map.image, &ahead, channel},
              depth, {of_tap + channel, shape.out, columns_of(shape.out, block), top > 0, {}});
        }
      }
    }
  }
}

#define AL_INSTANTIATE(Number)                                                                    \
  template void pixel_convolution<Number>(const PixelConvolution&, const Number*, const float*,   \
                                          const Epilogue<Number>&, Number*, std::int64_t,         \
                                          std::int64_t);                                          \
  template void pixel_convolution_input_gradient<Number>(                                         \
      const PixelConvolution&, const Number*, const float*, Number*, std::int64_t, std::int64_t); \
  template void pixel_convolution_weight_gradient<Number>(                                        \
      const PixelConvolution&, const Number*, const Number*, float*, std::int64_t, std::int64_t);
AL_INSTANTIATE(float)
AL_INSTANTIATE(BFloat16)
#undef AL_INSTANTIATE

}  // namespace al_mpi
