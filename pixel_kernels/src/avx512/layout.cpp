#include "lanes.hpp"
#include "src/instantiate.hpp"

namespace pixel_kernels::avx512 {

template <class Number>
void to_pixels(const MapLayout& layout, const float* map, std::int64_t padded, Number* pixels) {
  for (std::int64_t y = 0; y < layout.height; ++y) {
    for (std::int64_t x = 0; x < layout.width; ++x) {
      const float* row = map + y * layout.height_step + x * layout.width_step;
      for (std::int64_t b = 0; b < layout.batch; ++b, row += layout.batch_step, pixels += padded) {
        for (std::int64_t c = 0; c < padded; c += 16)
          store(pixels + c, load(row + c, first_lanes(layout.channels - c)),
                first_lanes(padded - c));
      }
    }
  }
}

PK_INSTANTIATE_LAYOUT

}  // namespace pixel_kernels::avx512
