#include "winograd.hpp"

#include <algorithm>
#include <vector>

#include "tile.hpp"
#include "units.hpp"
#include "winograd_transforms.hpp"

namespace al_mpi {
namespace {

constexpr std::int64_t taps = 9;

/// Tiles whose products and outputs stay in the second-level cache.
template <class Number>
constexpr std::int64_t tiles_at_once = 16 / winograd_tile<Number>;

template <class Number>
constexpr std::int64_t per_unit = 4 / sizeof(Number);

/// Units for all frequencies, not set to anything.
template <class Number>
struct Frequencies {
  std::int64_t step;
  Units units;

  explicit Frequencies(std::int64_t n)
      : step(padded_step(n)), units(winograd_frequencies<Number> * step) {}
  float* data() const { return units.data(); }
  float* of(std::int64_t frequency) const { return data() + frequency * step; }
};

/// The transformed inputs of a batch.
template <class Number>
Frequencies<Number> inputs_of(const WinogradMap<Number>& map, const Number* x) {
  Frequencies<Number> v(map.tiles() * map.row_units());
  winograd_inputs(map, x, v.step, v.data());
  return v;
}

/// One block of output channels, whose transformed weights are u.
template <class Number>
void block_of_outputs(const WinogradMap<Number>& source, const WinogradMap<Number>& result,
                      std::int64_t batch, const Frequencies<Number>& v,
                      const Frequencies<Number>& u, std::int64_t columns,
                      const Epilogue<Number>& epilogue, Ahead ahead, Number* y) {
  const std::int64_t depth = source.row_units() / batch, channels = result.row / batch;
  const Frequencies<Number> m(tiles_at_once<Number> * batch * channel_block);
  for (std::int64_t tile = 0; tile < source.tiles(); tile += tiles_at_once<Number>) {
    const std::int64_t n = std::min(tiles_at_once<Number>, source.tiles() - tile);
    for (std::int64_t f = 0; f < winograd_frequencies<Number>; ++f) {
      const Term term{u.of(f), v.of(f) + tile * source.row_units()};
      multiply<Number, float>({&term, 1, depth, channel_block, depth, 1, &ahead}, n * batch,
                              {m.of(f), channel_block, columns, false, {}});
    }
    for (std::int64_t t = 0; t < n; ++t) {
      winograd_outputs(result, tile + t, m.data() + t * batch * channel_block, m.step, channels,
                       columns, epilogue, y);
    }
  }
}

}  // namespace

template <class Number>
bool winograd_pays(const PixelConvolution& shape) {
  if (shape.kernel != 3 || shape.stride != 1 || shape.padding != 1) return false;
  if (shape.in % 16 != 0 || shape.out % 16 != 0 || std::min(shape.in, shape.out) < 32) return false;
  const std::int64_t tiles = WinogradMap<Number>{shape.height, shape.width, 0}.tiles();
  const std::int64_t direct = (3 * shape.height - 2) * (3 * shape.width - 2);
  // Transforms of inputs and outputs cost about a third of the products in float32, half in
  // bfloat16; those of weights are shared by all tiles and images.
  const std::int64_t products = winograd_frequencies<Number> * tiles;
  const bool saves = sizeof(Number) == 4 ? 2 * products < direct : 3 * products < 2 * direct;
  return saves && tiles * shape.batch >= 8;
}

template <class Number>
void winograd_convolution(const PixelConvolution& shape, const Number* x, const float* weight,
                          const Epilogue<Number>& epilogue, Number* y, std::int64_t first,
                          std::int64_t last) {
  const WinogradMap<Number> source{shape.height, shape.width, shape.batch * shape.in};
  const WinogradMap<Number> result{shape.height, shape.width, shape.batch * shape.out};
  const Frequencies<Number> v = inputs_of(source, x);
  const Frequencies<Number> u(shape.in * channel_block);
  for (std::int64_t block = first; block < last; ++block) {
    const std::int64_t channel = block * channel_block, columns = columns_of(shape.out, block);
    winograd_weights<Number>({weight + channel, shape.in, columns, shape.in * shape.out, shape.out,
                              /*turned=*/false},
                             u.step, u.data());
    Epilogue<Number> of_block = epilogue;
    if (epilogue.bias != nullptr) of_block.bias += channel;
    if (epilogue.residual != nullptr) of_block.residual += channel;
    block_of_outputs(source, result, shape.batch, v, u, columns, of_block,
                     outputs_ahead(weight, taps, shape.in, shape.out, block + 1, last),
                     y + channel);
  }
}

template <class Number>
void winograd_input_gradient(const PixelConvolution& shape, const Number* dy, const float* weight,
                             Number* dx, std::int64_t first, std::int64_t last) {
  // The convolution of dy with the kernel turned by half a turn.
  const WinogradMap<Number> source{shape.height, shape.width, shape.batch * shape.out};
  const WinogradMap<Number> result{shape.height, shape.width, shape.batch * shape.in};
  const Frequencies<Number> v = inputs_of(source, dy);
  const Frequencies<Number> u(shape.out * channel_block);
  const Units panel(taps * shape.out * channel_block);
  for (std::int64_t block = first; block < last; ++block) {
    const std::int64_t channel = block * channel_block, columns = columns_of(shape.in, block);
    pack_inputs<float>(weight, taps, shape.in, shape.out, channel, columns, panel.data());
    winograd_weights<Number>({panel.data(), shape.out, columns, shape.out * channel_block,
                              channel_block, /*turned=*/true},
                             u.step, u.data());
    block_of_outputs<Number>(source, result, shape.batch, v, u, columns, {},
                             inputs_ahead(weight, taps, shape.in, shape.out, block + 1, last),
                             dx + channel);
  }
}

template <class Number>
void winograd_weight_gradient(const PixelConvolution& shape, const Number* x, const Number* dy,
                              float* dw, std::int64_t first, std::int64_t last) {
  constexpr std::int64_t images = per_unit<Number>;  // in a unit
  const std::int64_t rows = (shape.batch + images - 1) / images;
  const WinogradMap<Number> source{shape.height, shape.width, rows * images * shape.in};
  const WinogradMap<Number> result{shape.height, shape.width, rows * images * shape.out};
  const std::int64_t tiles = source.tiles();
  const Frequencies<Number> v = inputs_of(source, x);
  const Frequencies<Number> z(tiles * rows * channel_block);
  const Frequencies<Number> du(shape.in * channel_block);
  std::vector<Term> terms(static_cast<std::size_t>(tiles));
  for (std::int64_t block = first; block < last; ++block) {
    const std::int64_t channel = block * channel_block, columns = columns_of(shape.out, block);
    winograd_output_gradients(result, dy + channel * images, shape.out, columns, z.step, z.data());
    for (std::int64_t f = 0; f < winograd_frequencies<Number>; ++f) {
      for (std::int64_t t = 0; t < tiles; ++t) {
        terms[static_cast<std::size_t>(t)] = {z.of(f) + t * rows * channel_block,
                                              v.of(f) + t * source.row_units()};
      }
      multiply<Number, float>({terms.data(), tiles, rows, channel_block, 1, shape.in}, shape.in,
                              {du.of(f), channel_block, columns, false, {}});
    }
    winograd_weight_gradients<Number>(du.data(), du.step, shape.in, shape.out, columns,
                                      dw + channel);
  }
}

#define AL_INSTANTIATE(Number)                                                                     \
  template bool winograd_pays<Number>(const PixelConvolution&);                                    \
  template void winograd_convolution<Number>(const PixelConvolution&, const Number*, const float*, \
                                             const Epilogue<Number>&, Number*, std::int64_t,       \
                                             std::int64_t);                                        \
  template void winograd_input_gradient<Number>(                                                   \
      const PixelConvolution&, const Number*, const float*, Number*, std::int64_t, std::int64_t);  \
  template void winograd_weight_gradient<Number>(                                                  \
      const PixelConvolution&, const Number*, const Number*, float*, std::int64_t, std::int64_t);
AL_INSTANTIATE(float)
AL_INSTANTIATE(BFloat16)
#undef AL_INSTANTIATE

}  // namespace al_mpi
