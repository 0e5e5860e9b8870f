// Where there is no AVX-512 at all, the kernels are never called (processor_runs_kernels()),
// only linked.
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

template <class W>
void winograd_inputs(const WinogradMap<W>&, const Tiles&, const typename W::Number*, std::int64_t,
                     float*) {
  absent();
}
template <class W>
void winograd_weights(const WinogradTaps&, std::int64_t, float*) {
  absent();
}
template <class W, class Pixel>
void winograd_outputs(const WinogradMap<W>&, const Tiles&, const float*, std::int64_t, std::int64_t,
                      std::int64_t, const Epilogue<Pixel>&, Pixel*) {
  absent();
}
template <class W, class Pixel>
void winograd_output_gradients(const WinogradMap<W>&, const Tiles&, const Pixel*, std::int64_t,
                               std::int64_t, std::int64_t, float*) {
  absent();
}
template <class W>
void winograd_weight_gradients(const float*, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                               float*) {
  absent();
}
#define AL_INSTANTIATE_PIXEL(W, Pixel)                                                        \
  template void winograd_outputs<W, Pixel>(const WinogradMap<W>&, const Tiles&, const float*, \
                                           std::int64_t, std::int64_t, std::int64_t,          \
                                           const Epilogue<Pixel>&, Pixel*);                   \
  template void winograd_output_gradients<W, Pixel>(const WinogradMap<W>&, const Tiles&,      \
                                                    const Pixel*, std::int64_t, std::int64_t, \
                                                    std::int64_t, float*);
#define AL_INSTANTIATE(W)                                                                 \
  template void winograd_inputs<W>(const WinogradMap<W>&, const Tiles&, const W::Number*, \
                                   std::int64_t, float*);                                 \
  template void winograd_weights<W>(const WinogradTaps&, std::int64_t, float*);           \
  template void winograd_weight_gradients<W>(const float*, std::int64_t, std::int64_t,    \
                                             std::int64_t, std::int64_t, float*);
using Float3x3 = Winograd3x3<float>;
using BFloat3x3 = Winograd3x3<BFloat16>;
AL_INSTANTIATE(Float3x3)
AL_INSTANTIATE(BFloat3x3)
AL_INSTANTIATE(Winograd4x4)
AL_INSTANTIATE_PIXEL(Float3x3, float)
AL_INSTANTIATE_PIXEL(BFloat3x3, BFloat16)
AL_INSTANTIATE_PIXEL(Winograd4x4, float)
AL_INSTANTIATE_PIXEL(Winograd4x4, BFloat16)
#undef AL_INSTANTIATE
#undef AL_INSTANTIATE_PIXEL

#define AL_ABSENT(Number)                                                                         \
  template <>                                                                                     \
  void pack_outputs<Number>(const float*, std::int64_t, std::int64_t, std::int64_t, std::int64_t, \
                            std::int64_t, float*) {                                               \
    absent();                                                                                     \
  }                                                                                               \
  template <>                                                                                     \
  void pack_inputs<Number>(const float*, std::int64_t, std::int64_t, std::int64_t, std::int64_t,  \
                           std::int64_t, float*) {                                                \
    absent();                                                                                     \
  }                                                                                               \
  template <>                                                                                     \
  void to_pixels<Number>(const MapLayout&, const float*, std::int64_t, Number*) {                 \
    absent();                                                                                     \
  }                                                                                               \
  template <>                                                                                     \
  void channel_moments<Number>(const Rows&, const Number*, float*, float*) {                      \
    absent();                                                                                     \
  }                                                                                               \
  template <>                                                                                     \
  void scale_and_shift<Number>(const Rows&, const Number*, const float*, const float*,            \
                               const Number*, bool, Number*) {                                    \
    absent();                                                                                     \
  }                                                                                               \
  template <>                                                                                     \
  void normalization_gradient<Number>(const Rows&, const Number*, const Number*, const Number*,   \
                                      bool, const float*, const float*, const float*, Number*,    \
                                      Number*, const NormalizationGradients&) {                   \
    absent();                                                                                     \
  }                                                                                               \
  template <>                                                                                     \
  void max_pool<Number>(const MaxPool&, const Number*, Number*, std::uint8_t*) {                  \
    absent();                                                                                     \
  }                                                                                               \
  template <>                                                                                     \
  void max_pool_gradient<Number>(const MaxPool&, const Number*, const std::uint8_t*, Number*) {   \
    absent();                                                                                     \
  }
AL_ABSENT(float)
AL_ABSENT(BFloat16)
#undef AL_ABSENT

}  // namespace al_mpi

#endif
