// Where there is no AVX-512 at all, the kernels are never called (has_float_kernels()), only
// linked.
#ifndef __x86_64__

#include <cstdlib>

#include "tile.hpp"
#include "winograd_transforms.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/kernels/max_pool.hpp>
#include <al_mpi/kernels/momentum.hpp>
#include <al_mpi/kernels/normalization.hpp>
#include <al_mpi/kernels/pixels.hpp>

namespace al_mpi {
namespace {

[[noreturn]] void absent() {
  check(false, "kernels of AVX-512 called on another processor");
  std::abort();
}

}  // namespace

template <class Number, class Out>
void multiply(SumOfProducts, std::int64_t, Target<Out>) {
  absent();
}
template void multiply<float, float>(SumOfProducts, std::int64_t, Target<float>);
template void multiply<BFloat16, BFloat16>(SumOfProducts, std::int64_t, Target<BFloat16>);
template void multiply<BFloat16, float>(SumOfProducts, std::int64_t, Target<float>);

void interleave_images(const BFloat16*, std::int64_t, std::int64_t, std::int64_t, BFloat16*) {
  absent();
}
void momentum_step(const MomentumRates&, std::int64_t, const float*, float*, float*) {
  absent();
}

#define AL_ABSENT(Number)                                                                          \
  template <>                                                                                      \
  void pack_outputs<Number>(const float*, std::int64_t, std::int64_t, std::int64_t, std::int64_t,  \
                            std::int64_t, float*) {                                                \
    absent();                                                                                      \
  }                                                                                                \
  template <>                                                                                      \
  void pack_inputs<Number>(const float*, std::int64_t, std::int64_t, std::int64_t, std::int64_t,   \
                           std::int64_t, float*) {                                                 \
    absent();                                                                                      \
  }                                                                                                \
  template <>                                                                                      \
  void to_pixels<Number>(const MapLayout&, const float*, std::int64_t, Number*) {                  \
    absent();                                                                                      \
  }                                                                                                \
  template <>                                                                                      \
  void to_rows<Number>(const MapLayout&, const float*, std::int64_t, std::int64_t, Number*) {      \
    absent();                                                                                      \
  }                                                                                                \
  template <>                                                                                      \
  void channel_moments<Number>(const Rows&, const Number*, float*, float*) {                       \
    absent();                                                                                      \
  }                                                                                                \
  template <>                                                                                      \
  void scale_and_shift<Number>(const Rows&, const Number*, const float*, const float*,             \
                               const Number*, bool, Number*) {                                     \
    absent();                                                                                      \
  }                                                                                                \
  template <>                                                                                      \
  void normalization_gradient<Number>(const Rows&, const Number*, const Number*, const Number*,    \
                                      bool, const float*, const float*, const float*, Number*,     \
                                      Number*, const NormalizationGradients&) {                    \
    absent();                                                                                      \
  }                                                                                                \
  template <>                                                                                      \
  void winograd_inputs<Number>(const WinogradMap<Number>&, const Number*, std::int64_t, float*) {  \
    absent();                                                                                      \
  }                                                                                                \
  template <>                                                                                      \
  void winograd_weights<Number>(const WinogradTaps&, std::int64_t, float*) {                       \
    absent();                                                                                      \
  }                                                                                                \
  template <>                                                                                      \
  void winograd_outputs<Number>(const WinogradMap<Number>&, std::int64_t, const float*,            \
                                std::int64_t, std::int64_t, std::int64_t, const Epilogue<Number>&, \
                                Number*) {                                                         \
    absent();                                                                                      \
  }                                                                                                \
  template <>                                                                                      \
  void winograd_output_gradients<Number>(const WinogradMap<Number>&, const Number*, std::int64_t,  \
                                         std::int64_t, std::int64_t, float*) {                     \
    absent();                                                                                      \
  }                                                                                                \
  template <>                                                                                      \
  void winograd_weight_gradients<Number>(const float*, std::int64_t, std::int64_t, std::int64_t,   \
                                         std::int64_t, float*) {                                   \
    absent();                                                                                      \
  }                                                                                                \
  template <>                                                                                      \
  void max_pool<Number>(const MaxPool&, const Number*, Number*, std::uint8_t*) {                   \
    absent();                                                                                      \
  }                                                                                                \
  template <>                                                                                      \
  void max_pool_gradient<Number>(const MaxPool&, const Number*, const std::uint8_t*, Number*) {    \
    absent();                                                                                      \
  }
AL_ABSENT(float)
AL_ABSENT(BFloat16)
#undef AL_ABSENT

}  // namespace al_mpi

#endif
