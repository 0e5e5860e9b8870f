#include "number.hpp"
#include "src/instantiate.hpp"

namespace pixel_kernels::portable {

template <class Number>
void to_pixels(const MapLayout& layout, const float* map, std::int64_t padded, Number* pixels) {
  for (std::int64_t y = 0; y < layout.height; ++y) {
    for (std::int64_t x = 0; x < layout.width; ++x) {
      for (std::int64_t b = 0; b < layout.batch; ++b) {
        const float* row =
            map + y * layout.height_step + x * layout.width_step + b * layout.batch_step;
        for (std::int64_t c = 0; c < padded; ++c)
          *pixels++ = rounded<Number>(c < layout.channels ? row[c] : 0.0F);
      }
    }
  }
}

void interleave_images(const BFloat16* map, std::int64_t pixels, std::int64_t batch,
                       std::int64_t channels, BFloat16* pairs) {
  for (std::int64_t p = 0; p < pixels; ++p) {
    const BFloat16* pixel = map + p * batch * channels;
    for (std::int64_t b = 0; b < batch; b += 2) {
      for (std::int64_t c = 0; c < channels; ++c) {
        *pairs++ = pixel[b * channels + c];
        *pairs++ = b + 1 < batch ? pixel[(b + 1) * channels + c] : BFloat16{0};
      }
    }
  }
}

PK_INSTANTIATE_LAYOUT

}  // namespace pixel_kernels::portable
