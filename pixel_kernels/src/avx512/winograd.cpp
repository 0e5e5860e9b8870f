#include "winograd.hpp"

#include <algorithm>
#include <vector>

#include "tile.hpp"
#include "units.hpp"

namespace pixel_kernels::avx512 {
namespace {

template <class W>
constexpr std::int64_t n_taps = W::taps* W::taps;

/// Uninitialised units for all frequencies.
template <class W>
struct Frequencies {
  std::int64_t step;
  Units units;

  explicit Frequencies(std::int64_t n) : step(padded_step(n)), units(W::frequencies * step) {}
  float* data() const { return units.data(); }
  float* of(std::int64_t frequency) const { return data() + frequency * step; }
};

/// A map's tiles in groups whose inputs, products and outputs stay in the second-level cache.
template <class W>
struct Groups {
  std::int64_t tiles, size;

  Groups(const WinogradMap<W>& map, std::int64_t batch)
      : tiles(map.tiles()), size(std::clamp<std::int64_t>(256 / W::outputs / batch, 1, tiles)) {}
  std::int64_t n() const { return (tiles + size - 1) / size; }
  Tiles group(std::int64_t g) const { return {g * size, std::min(size, tiles - g * size)}; }
};

/// The transformed weights of each block of channels, or their gradient. A block needs its own in
/// every group of tiles; with a single group the blocks are done one by one and share one array.
template <class W>
class OfBlocks {
 public:
  OfBlocks(const Groups<W>& groups, std::int64_t first, std::int64_t last, std::int64_t depth)
      : first_(first), shared_(groups.n() == 1) {
    for (std::int64_t block = first; block < (shared_ ? first + 1 : last); ++block)
      all_.emplace_back(depth * channel_block);
  }
  const Frequencies<W>& operator[](std::int64_t block) const {
    return all_[shared_ ? 0 : static_cast<std::size_t>(block - first_)];
  }

 private:
  std::int64_t first_;
  bool shared_;
  std::vector<Frequencies<W>> all_;
};

/// Convolves a map: weights(block, u) transforms the weights of a block of outputs.
template <class W, class Pixel, class Weights>
void convolve(const WinogradMap<W>& source, const WinogradMap<W>& result, std::int64_t batch,
              const typename W::Number* x, const Epilogue<Pixel>& epilogue, Pixel* y,
              std::int64_t first, std::int64_t last, Weights weights) {
  const std::int64_t depth = source.row_units() / batch, channels = result.row / batch;
  const Groups<W> groups(source, batch);
  const Frequencies<W> v(groups.size * source.row_units());
  const Frequencies<W> m(groups.size * batch * channel_block);
  const OfBlocks<W> u(groups, first, last, depth);
  for (std::int64_t g = 0; g < groups.n(); ++g) {
    const Tiles tiles = groups.group(g);
    winograd_inputs<W>(source, tiles, x, v.step, v.data());
    for (std::int64_t block = first; block < last; ++block) {
      const std::int64_t channel = block * channel_block, columns = columns_of(channels, block);
      if (g == 0) weights(block, u[block]);
      for (std::int64_t f = 0; f < W::frequencies; ++f) {
        const Term term{u[block].of(f), v.of(f)};
        multiply<typename W::Number, float>({&term, 1, depth, channel_block, depth, 1},
                                            tiles.n * batch,
                                            {m.of(f), channel_block, columns, false, {}});
      }
      Epilogue<Pixel> of_block = epilogue;
      if (epilogue.bias != nullptr) of_block.bias += channel;
      if (epilogue.residual != nullptr) of_block.residual += channel;
      winograd_outputs<W>(result, tiles, m.data(), m.step, channels, columns, of_block,
                          y + channel);
    }
  }
}

}  // namespace

template <class W, class Pixel>
void winograd_convolution(const Convolution& shape, const typename W::Number* x,
                          const float* weight, const Epilogue<Pixel>& epilogue, Pixel* y,
                          std::int64_t first, std::int64_t last) {
  const WinogradMap<W> source{shape.height, shape.width, shape.batch * shape.in};
  const WinogradMap<W> result{shape.height, shape.width, shape.batch * shape.out};
  convolve(source, result, shape.batch, x, epilogue, y, first, last,
           [&](std::int64_t block, const Frequencies<W>& u) {
             winograd_weights<W>(
                 {weight + block * channel_block, shape.in, columns_of(shape.out, block),
                  shape.in * shape.out, shape.out, /*turned=*/false},
                 u.step, u.data());
           });
}

template <class W>
void winograd_input_gradient(const Convolution& shape, const typename W::Number* dy,
                             const float* weight, typename W::Number* dx, std::int64_t first,
                             std::int64_t last) {
  // The convolution of dy with the kernel turned by half a turn.
  const WinogradMap<W> source{shape.height, shape.width, shape.batch * shape.out};
  const WinogradMap<W> result{shape.height, shape.width, shape.batch * shape.in};
  const Units panel(n_taps<W> * shape.out * channel_block);
  convolve<W, typename W::Number>(
      source, result, shape.batch, dy, {}, dx, first, last,
      [&](std::int64_t block, const Frequencies<W>& u) {
        const std::int64_t columns = columns_of(shape.in, block);
        pack_inputs<float>(weight, n_taps<W>, shape.in, shape.out, block * channel_block, columns,
                           panel.data());
        winograd_weights<W>({panel.data(), shape.out, columns, shape.out * channel_block,
                             channel_block, /*turned=*/true},
                            u.step, u.data());
      });
}

template <class W, class Pixel>
void winograd_weight_gradient(const Convolution& shape, const typename W::Number* x,
                              const Pixel* dy, float* dw, std::int64_t first, std::int64_t last) {
  constexpr std::int64_t images = W::per_unit;
  const std::int64_t rows = (shape.batch + images - 1) / images;
  const WinogradMap<W> source{shape.height, shape.width, rows * images * shape.in};
  const WinogradMap<W> result{shape.height, shape.width, rows * images * shape.out};
  const Groups<W> groups(source, shape.batch);
  const Frequencies<W> v(groups.size * source.row_units());
  const Frequencies<W> z(groups.size * rows * channel_block);
  const OfBlocks<W> du(groups, first, last, shape.in);
  for (std::int64_t g = 0; g < groups.n(); ++g) {
    const Tiles tiles = groups.group(g);
    winograd_inputs<W>(source, tiles, x, v.step, v.data());
    for (std::int64_t block = first; block < last; ++block) {
      const std::int64_t channel = block * channel_block, columns = columns_of(shape.out, block);
      winograd_output_gradients<W>(result, tiles, dy + channel * images, shape.out, columns, z.step,
                                   z.data());
      for (std::int64_t f = 0; f < W::frequencies; ++f) {
        const Term term{z.of(f), v.of(f)};  // images of all tiles, one after the other
        multiply<typename W::Number, float>({&term, 1, tiles.n * rows, channel_block, 1, shape.in},
                                            shape.in,
                                            {du[block].of(f), channel_block, columns, g > 0, {}});
      }
      if (g == groups.n() - 1) {
        winograd_weight_gradients<W>(du[block].data(), du[block].step, shape.in, shape.out, columns,
                                     dw + channel);
      }
    }
  }
}

#define PK_INSTANTIATE(W, Pixel)                                                                   \
  template void winograd_convolution<W, Pixel>(const Convolution&, const W::Number*, const float*, \
                                               const Epilogue<Pixel>&, Pixel*, std::int64_t,       \
                                               std::int64_t);                                      \
  template void winograd_weight_gradient<W, Pixel>(                                                \
      const Convolution&, const W::Number*, const Pixel*, float*, std::int64_t, std::int64_t);
#define PK_INSTANTIATE_3X3(Number)                            \
  PK_INSTANTIATE(Winograd3x3<Number>, Number)                 \
  template void winograd_input_gradient<Winograd3x3<Number>>( \
      const Convolution&, const Number*, const float*, Number*, std::int64_t, std::int64_t);
PK_INSTANTIATE_3X3(float)
PK_INSTANTIATE_3X3(BFloat16)
PK_INSTANTIATE(Winograd4x4, float)
PK_INSTANTIATE(Winograd4x4, BFloat16)
#undef PK_INSTANTIATE
#undef PK_INSTANTIATE_3X3

}  // namespace pixel_kernels::avx512
