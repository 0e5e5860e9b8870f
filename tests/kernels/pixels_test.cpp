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
