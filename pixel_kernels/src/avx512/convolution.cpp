#include "direct.hpp"
#include "src/instantiate.hpp"
#include "stem.hpp"
#include "winograd.hpp"

namespace pixel_kernels::avx512 {

template <class Number>
void convolution(const Convolution& shape, const Input<Number>& x, const float* weight,
                 const Epilogue<Number>& epilogue, Number* y, std::int64_t first,
                 std::int64_t last) {
  switch (choose(shape, type_of<Number>)) {
    case Way::direct:
      return direct_convolution(shape, x.pixels, weight, epilogue, y, first, last);
    case Way::winograd:
      return winograd_convolution<Winograd3x3<Number>>(shape, x.pixels, weight, epilogue, y, first,
                                                       last);
    case Way::stem:
      return stem_convolution(shape, x.squares, weight, epilogue, y, first, last);
  }
}

template <class Number>
void convolution_input_gradient(const Convolution& shape, const Number* dy, const float* weight,
                                Number* dx, std::int64_t first, std::int64_t last) {
  switch (choose(shape, type_of<Number>)) {
    case Way::winograd:
      return winograd_input_gradient<Winograd3x3<Number>>(shape, dy, weight, dx, first, last);
    case Way::direct:
    case Way::stem:  // rare: training does not need the gradient of its images
      return direct_convolution_input_gradient(shape, dy, weight, dx, first, last);
  }
}

template <class Number>
void convolution_weight_gradient(const Convolution& shape, const Input<Number>& x, const Number* dy,
                                 float* dw, std::int64_t first, std::int64_t last) {
  switch (choose(shape, type_of<Number>)) {
    case Way::direct:
      return direct_convolution_weight_gradient(shape, x.pixels, dy, dw, first, last);
    case Way::winograd:
      return winograd_weight_gradient<Winograd3x3<Number>>(shape, x.pixels, dy, dw, first, last);
    case Way::stem:
      return stem_weight_gradient(shape, x.squares, dy, dw, first, last);
  }
}

PK_INSTANTIATE_CONVOLUTION

}  // namespace pixel_kernels::avx512
