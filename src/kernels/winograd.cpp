#include "winograd.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "tile.hpp"
#include "winograd_transforms.hpp"

namespace al_mpi {
namespace {

constexpr std::int64_t tiles_at_once =
    4;  // their products and outputs stay in the second-level cache
constexpr std::int64_t taps = 9;

/// Floats for all frequencies, not set to anything.
struct Frequencies {
  std::int64_t step;
  std::unique_ptr<float[]> data;

  explicit Frequencies(std::int64_t floats)
      : step(padded_step(floats)),
        data(new float[static_cast<std::size_t>(winograd_frequencies * step)]) {}
  float* of(std::int64_t frequency) const { return data.get() + frequency * step; }
};

/// The transformed inputs of a batch.
Frequencies inputs_of(const WinogradMap& map, const float* x) {
  Frequencies v(map.tiles() * map.row);
  winograd_inputs(map, x, v.step, v.data.get());
  return v;
}

/// One block of output channels: `panel` holds its taps, [9, in, 32].
void block_of_outputs(const WinogradMap& source, const WinogradMap& result, std::int64_t batch,
                      const Frequencies& v, const Frequencies& u, std::int64_t columns,
                      const Epilogue<float>& epilogue, float* y) {
  const std::int64_t depth = source.row / batch, channels = result.row / batch;
  const Frequencies m(tiles_at_once * batch * channel_block);
  for (std::int64_t tile = 0; tile < source.tiles(); tile += tiles_at_once) {
    const std::int64_t n = std::min(tiles_at_once, source.tiles() - tile);
    for (std::int64_t f = 0; f < winograd_frequencies; ++f) {
      const Term term{u.of(f), v.of(f) + tile * source.row};
      multiply<float, float>({&term, 1, depth, channel_block, depth, 1}, n * batch,
                             {m.of(f), channel_block, columns, false, {}});
    }
    for (std::int64_t t = 0; t < n; ++t) {
      winograd_outputs(result, tile + t, m.data.get() + t * batch * channel_block, m.step, channels,
                       columns, epilogue, y);
    }
  }
}

}  // namespace

bool winograd_pays(const PixelConvolution& shape) {
  if (shape.kernel != 3 || shape.stride != 1 || shape.padding != 1) return false;
  if (shape.in % 16 != 0 || shape.out % 16 != 0 || std::min(shape.in, shape.out) < 32) return false;
  const std::int64_t tiles = WinogradMap{shape.height, shape.width, 0}.tiles();
  const std::int64_t direct = (3 * shape.height - 2) * (3 * shape.width - 2);
  // Transforms of inputs and outputs cost about a third of the products; those of weights are
  // shared by all tiles and images.
  return 2 * winograd_frequencies * tiles < direct && tiles * shape.batch >= 8;
}

void winograd_convolution(const PixelConvolution& shape, const float* x, const float* weight,
                          const Epilogue<float>& epilogue, float* y, std::int64_t first,
                          std::int64_t last) {
  const WinogradMap source{shape.height, shape.width, shape.batch * shape.in};
  const WinogradMap result{shape.height, shape.width, shape.batch * shape.out};
  const Frequencies v = inputs_of(source, x);
  const Frequencies u(shape.in * channel_block);
  std::vector<float> panel(static_cast<std::size_t>(taps * shape.in * channel_block));
  for (std::int64_t block = first; block < last; ++block) {
    const std::int64_t channel = block * channel_block, columns = columns_of(shape.out, block);
    pack_outputs<float>(weight, taps, shape.in, shape.out, channel, columns, panel.data());
    winograd_weights(panel.data(), shape.in, /*turned=*/false, u.step, u.data.get());
    Epilogue<float> of_block = epilogue;
    if (epilogue.bias != nullptr) of_block.bias += channel;
    if (epilogue.residual != nullptr) of_block.residual += channel;
    block_of_outputs(source, result, shape.batch, v, u, columns, of_block, y + channel);
  }
}

void winograd_input_gradient(const PixelConvolution& shape, const float* dy, const float* weight,
                             float* dx, std::int64_t first, std::int64_t last) {
  // The convolution of dy with the kernel turned by half a turn.
  const WinogradMap source{shape.height, shape.width, shape.batch * shape.out};
  const WinogradMap result{shape.height, shape.width, shape.batch * shape.in};
  const Frequencies v = inputs_of(source, dy);
  const Frequencies u(shape.out * channel_block);
  std::vector<float> panel(static_cast<std::size_t>(taps * shape.out * channel_block));
  for (std::int64_t block = first; block < last; ++block) {
    const std::int64_t channel = block * channel_block, columns = columns_of(shape.in, block);
    pack_inputs<float>(weight, taps, shape.in, shape.out, channel, columns, panel.data());
    winograd_weights(panel.data(), shape.out, /*turned=*/true, u.step, u.data.get());
    block_of_outputs(source, result, shape.batch, v, u, columns, {}, dx + channel);
  }
}

void winograd_weight_gradient(const PixelConvolution& shape, const float* x, const float* dy,
                              float* dw, std::int64_t first, std::int64_t last) {
  const WinogradMap source{shape.height, shape.width, shape.batch * shape.in};
  const WinogradMap result{shape.height, shape.width, shape.batch * shape.out};
  const std::int64_t tiles = source.tiles();
  const Frequencies v = inputs_of(source, x);
  const Frequencies z(tiles * shape.batch * channel_block);
  const Frequencies du(shape.in * channel_block);
  std::vector<Term> terms(static_cast<std::size_t>(tiles));
  for (std::int64_t block = first; block < last; ++block) {
    const std::int64_t channel = block * channel_block, columns = columns_of(shape.out, block);
    winograd_output_gradients(result, dy + channel, shape.out, columns, z.step, z.data.get());
    for (std::int64_t f = 0; f < winograd_frequencies; ++f) {
      for (std::int64_t t = 0; t < tiles; ++t) {
        terms[static_cast<std::size_t>(t)] = {z.of(f) + t * shape.batch * channel_block,
                                              v.of(f) + t * source.row};
      }
      multiply<float, float>({terms.data(), tiles, shape.batch, channel_block, 1, shape.in},
                             shape.in, {du.of(f), channel_block, columns, false, {}});
    }
    winograd_weight_gradients(du.data.get(), du.step, shape.in, shape.out, columns, dw + channel);
  }
}

}  // namespace al_mpi
