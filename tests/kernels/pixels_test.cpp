#include "catch.hpp"
#include "numbers.hpp"
#include <al_mpi/kernels/pixels.hpp>

using namespace al_mpi;

namespace {

template <class Number>
void check_all(std::int64_t channels, std::int64_t padded) {
  INFO(channels << " channels, padded to " << padded);
  // Images one after the other, each [H, W, C], with a hole behind every image.
  const std::int64_t batch = 3, height = 2, width = 5, hole = 7;
  const std::int64_t image = height * width * channels + hole;
  const auto map = noise<float>(batch * image, 1);
  std::vector<Number> pixels(static_cast<std::size_t>(height * width * batch * padded + 1));
  pixels.back() = number<Number>(42);
  to_pixels<Number>({height, width, batch, channels, width * channels, channels, image}, map.data(),
                    padded, pixels.data());
  std::vector<double> truth;
  for (std::int64_t p = 0; p < height * width; ++p)
    for (std::int64_t b = 0; b < batch; ++b)
      for (std::int64_t c = 0; c < padded; ++c) {
        const float value =
            c < channels ? map[static_cast<std::size_t>(b * image + p * channels + c)] : 0;
        truth.push_back(static_cast<double>(to_float(number<Number>(value))));
      }
  truth.push_back(42);  // and nothing behind
  CHECK(doubles(pixels) == truth);
}

}  // namespace

TEST_CASE("maps of any layout become pixels, with zeros for channels that are not there") {
  AL_NEEDS_KERNELS(float);
  for (const auto& [channels, padded] : {std::pair(13, 14), {13, 13}, {16, 16}, {40, 40}, {1, 2}}) {
    check_all<float>(channels, padded);
    if (kernels_run_here<BFloat16>()) check_all<BFloat16>(channels, padded);
  }
}

TEST_CASE("maps of any layout become bordered rows") {
  AL_NEEDS_KERNELS(BFloat16);
  const std::int64_t batch = 2, height = 3, width = 5, channels = 13, padding = 2;
  const std::int64_t row = (width + 2 * padding) * channels + 1;  // and one number to make it even
  const auto truth_of = [&](const std::vector<float>& map, std::int64_t step) {
    std::vector<double> truth;
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t b = 0; b < batch; ++b)
        for (std::int64_t i = 0; i < row; ++i) {
          const std::int64_t x = i / channels - padding, c = i % channels;
          const bool inside = x >= 0 && x < width;
          const auto at = static_cast<std::size_t>(((b * height + y) * width + x) * step + c);
          truth.push_back(inside ? static_cast<double>(to_float(to_bfloat16(map[at]))) : 0.0);
        }
    truth.push_back(42);  // and nothing behind
    return truth;
  };
  for (const std::int64_t step : {channels, channels + 3}) {
    INFO(step << " numbers from one pixel to the next");
    const auto map = noise<float>(batch * height * width * step, 1);
    std::vector<BFloat16> rows(static_cast<std::size_t>(height * batch * row + 1));
    rows.back() = to_bfloat16(42);
    to_rows<BFloat16>({height, width, batch, channels, width * step, step, height * width * step},
                      map.data(), padding, row, rows.data());
    CHECK(doubles(rows) == truth_of(map, step));
  }
}
