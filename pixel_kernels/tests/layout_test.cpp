#include <cstring>

#include <pixel_kernels/layout.hpp>
#include "catch.hpp"
#include "numbers.hpp"

using namespace pixel_kernels;

namespace {

template <class Number>
void check_all(std::int64_t channels, std::int64_t padded) {
  INFO(channels << " channels, padded to " << padded);
  // Images one after the other, each [H, W, C], with a hole behind every image.
  const std::int64_t batch = 3, height = 2, width = 5, hole = 7;
  const std::int64_t image = height * width * channels + hole;
  const auto map = noise<float>(batch * image, 1);
  std::vector<Number> pixels(static_cast<std::size_t>(height * width * batch * padded + 1));
  pixels.back() = rounded<Number>(42);
  to_pixels<Number>({height, width, batch, channels, width * channels, channels, image}, map.data(),
                    padded, pixels.data());
  std::vector<double> truth;
  for (std::int64_t p = 0; p < height * width; ++p)
    for (std::int64_t b = 0; b < batch; ++b)
      for (std::int64_t c = 0; c < padded; ++c) {
        const float value =
            c < channels ? map[static_cast<std::size_t>(b * image + p * channels + c)] : 0;
        truth.push_back(static_cast<double>(to_float(rounded<Number>(value))));
      }
  truth.push_back(42);  // and nothing behind
  CHECK(doubles(pixels) == truth);
}

}  // namespace

TEST_CASE("maps of any layout become pixels, with zeros for channels that are not there") {
  for (const auto& [channels, padded] : {std::pair(13, 14), {13, 13}, {16, 16}, {40, 40}, {1, 2}}) {
    check_all<float>(channels, padded);
    check_all<BFloat16>(channels, padded);
  }
}

TEST_CASE("floats round to the nearest bfloat16, ties to even; infinities and NaN stay") {
  const std::vector<std::pair<std::uint32_t, std::uint16_t>> cases = {
      {0x3F808000, 0x3F80}, {0x3F808001, 0x3F81}, {0x3F818000, 0x3F82}, {0xBF818000, 0xBF82},
      {0x3F80FFFF, 0x3F81}, {0x7F7FFFFF, 0x7F80}, {0x7F800000, 0x7F80}, {0xFF800000, 0xFF80},
      {0x80000000, 0x8000}, {0x7FC12345, 0x7FC1}, {0x7F800001, 0x7FC0}, {0xFFFFFFFF, 0xFFFF},
  };
  std::vector<float> floats(cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i)
    std::memcpy(&floats[i], &cases[i].first, sizeof floats[i]);
  const auto n = static_cast<std::int64_t>(cases.size());
  std::vector<BFloat16> rounded(cases.size());
  to_pixels<BFloat16>({1, 1, 1, n, n, n, n}, floats.data(), n, rounded.data());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO(std::hex << cases[i].first);
    CHECK(rounded[i].bits == cases[i].second);
  }
}
