#include <pixel_kernels/pooling.hpp>
#include "catch.hpp"
#include "numbers.hpp"

using namespace pixel_kernels;

namespace {

template <class Number>
void check_all(const MaxPool& shape) {
  INFO(shape.height << " x " << shape.width << ", rows of " << shape.row);
  const auto x = noise<Number>(shape.height * shape.width * shape.row, 1);
  const std::int64_t n_out = shape.out_height() * shape.out_width() * shape.row;
  const auto dy = noise<Number>(n_out, 2);
  std::vector<double> y_truth(static_cast<std::size_t>(n_out)), dx_truth(x.size());
  for (std::int64_t oy = 0; oy < shape.out_height(); ++oy)
    for (std::int64_t ox = 0; ox < shape.out_width(); ++ox)
      for (std::int64_t c = 0; c < shape.row; ++c) {
        std::size_t from = 0;
        double best = -INFINITY;
        for (std::int64_t iy = 2 * oy - 1; iy <= 2 * oy + 1; ++iy)
          for (std::int64_t ix = 2 * ox - 1; ix <= 2 * ox + 1; ++ix) {
            if (iy < 0 || iy >= shape.height || ix < 0 || ix >= shape.width) continue;
            const auto at = static_cast<std::size_t>((iy * shape.width + ix) * shape.row + c);
            if (static_cast<double>(to_float(x[at])) <= best) continue;
            best = static_cast<double>(to_float(x[at]));
            from = at;
          }
        const auto at = static_cast<std::size_t>((oy * shape.out_width() + ox) * shape.row + c);
        y_truth[at] = best;
        dx_truth[from] += static_cast<double>(to_float(dy[at]));
      }
  std::vector<Number> y(dy.size()), dx(x.size());
  std::vector<std::uint8_t> from(dy.size());
  max_pool(shape, x.data(), y.data(), from.data());
  CHECK(distance(y, y_truth) == 0);
  max_pool_gradient(shape, dy.data(), from.data(), dx.data());
  CHECK(distance(dx, dx_truth) < (sizeof(Number) == 4 ? 1e-6 : 4e-3));
}

}  // namespace

TEST_CASE("max pooling and its gradient follow the definition at any size") {
  for (const MaxPool& shape :
       {MaxPool{8, 8, 32}, MaxPool{7, 5, 48}, MaxPool{1, 1, 16}, MaxPool{2, 9, 5}}) {
    check_all<float>(shape);
    check_all<BFloat16>(shape);
  }
}

TEST_CASE("of equal values max pooling takes the first, and a NaN before all") {
  std::vector<float> x(9 * 16, 1), y(4 * 16);
  x[8 * 16 + 2] = std::nanf("");  // the last pixel, channel 2
  std::vector<std::uint8_t> from(4 * 16);
  max_pool<float>({3, 3, 16}, x.data(), y.data(), from.data());
  CHECK(from[0] == 4);  // of the first output, taps 0 to 3 are border
  CHECK(std::isnan(y[3 * 16 + 2]));
  CHECK(from[3 * 16 + 2] == 4);
  CHECK(y[3 * 16 + 3] == 1);
}
