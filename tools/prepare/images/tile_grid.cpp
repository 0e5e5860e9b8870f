#include "tools/prepare/images/tile_grid.hpp"

#include <algorithm>

namespace al_mpi {

std::vector<std::int64_t> tile_starts(std::int64_t length, std::int64_t tile, std::int64_t stride,
                                      Edges edges) {
  std::vector<std::int64_t> all;
  std::int64_t at = 0;
  for (; at + tile <= length; at += stride) all.push_back(at);
  const std::int64_t covered = all.empty() ? 0 : all.back() + tile;
  if (covered >= length) return all;
  if (edges == Edges::overlap && length >= tile) all.push_back(length - tile);
  if (edges == Edges::pad) all.push_back(at);
  return all;
}

Window inside(const Window& tile, std::int64_t height, std::int64_t width) {
  return {tile.x, tile.y, std::min(tile.width, width - tile.x),
          std::min(tile.height, height - tile.y)};
}

void pad_tile(const Sample& part, const Window& inner, std::int64_t tile, std::size_t bytes,
              Sample& sample) {
  const auto n_inner = static_cast<std::size_t>(inner.height * inner.width);
  const auto n_tile = static_cast<std::size_t>(tile * tile);
  const std::size_t n_bands = sample.image.size() / bytes / n_tile;
  sample.missing.assign(n_bands * n_tile, 1);
  std::fill(sample.label_map.begin(), sample.label_map.end(), 0);
  for (std::size_t b = 0; b < n_bands; ++b) {
    // Beyond the border stands a neighbour, so that nothing bright or dark begins there.
    for (std::int64_t y = 0; y < tile; ++y) {
      for (std::int64_t x = 0; x < tile; ++x) {
        const std::int64_t from_y = std::min(y, inner.height - 1),
                           from_x = std::min(x, inner.width - 1);
        const auto from = static_cast<std::size_t>(from_y * inner.width + from_x);
        const auto to = static_cast<std::size_t>(y * tile + x);
        std::copy_n(part.image.begin() + static_cast<std::ptrdiff_t>((b * n_inner + from) * bytes),
                    bytes,
                    sample.image.begin() + static_cast<std::ptrdiff_t>((b * n_tile + to) * bytes));
        if (y >= inner.height || x >= inner.width) continue;
        sample.missing[b * n_tile + to] =
            part.missing.empty() ? 0 : part.missing[b * n_inner + from];
        if (b == 0 && !part.label_map.empty()) sample.label_map[to] = part.label_map[from];
      }
    }
  }
}

}  // namespace al_mpi
