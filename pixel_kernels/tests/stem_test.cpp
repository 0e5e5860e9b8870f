#include <pixel_kernels/convolution.hpp>
#include <pixel_kernels/layout.hpp>
#include <pixel_kernels/level.hpp>
#include "catch.hpp"
#include "convolution_truth.hpp"

using namespace pixel_kernels;

namespace {

/// x is pixel-major, as the plain sums take it.
std::vector<float> squares_of(const Convolution& s, const std::vector<float>& x) {
  std::vector<float> squares(x.size());
  to_squares({s.height, s.width, s.batch, s.in, s.width * s.batch * s.in, s.batch * s.in, s.in},
             x.data(), squares.data());
  return squares;
}

template <class Number>
void check_stem(const Convolution& s, double tolerance) {
  INFO(s.batch << " images, " << s.in << " -> " << s.out << " channels, " << s.height << " x "
               << s.width);
  CHECK(choose(s, type_of<Number>) == Way::stem);
  const auto x = noise<float>(inputs(s), 1), w = noise<float>(weights(s), 3);
  const auto dy = noise<Number>(outputs(s), 2);
  const auto squares = squares_of(s, x);
  const Truth truth(s, doubles(x), doubles(w), doubles(dy));
  const std::int64_t out = n_channel_blocks(s.out);
  std::vector<Number> y(dy.size());
  std::vector<float> dw(w.size());
  for (std::int64_t block = out; block-- > 0;) {  // threads may take them in any order
    convolution<Number>(s, {nullptr, squares.data()}, w.data(), {}, y.data(), block, block + 1);
    convolution_weight_gradient<Number>(s, {nullptr, squares.data()}, dy.data(), dw.data(), block,
                                        block + 1);
  }
  CHECK(distance(y, truth.y) < tolerance);
  CHECK(distance(dw, truth.dw) < 1e-5);  // not rounded
}

}  // namespace

TEST_CASE("a stem and its weights' gradient are the plain sums within 1e-5") {
  if (level() != Level::avx512) return;  // other levels have no Way::stem
  for (const Convolution& shape : {Convolution{4, 13, 64, 16, 16, 7, 2, 3},
                                   {1, 3, 32, 12, 18, 7, 2, 3},
                                   {3, 13, 48, 10, 8, 7, 2, 3}}) {
    check_stem<float>(shape, 1e-5);
    check_stem<BFloat16>(shape, 4e-3);  // rounded once
  }
}
