#pragma once

#include "implementations.hpp"

// A source that defines kernels ends with one of these macros, which instantiates them for both
// types of number.

#define PK_INSTANTIATE_CONVOLUTION_OF(N)                                                      \
  template void convolution<N>(const Convolution&, const Input<N>&, const float*,             \
                               const Epilogue<N>&, N*, std::int64_t, std::int64_t);           \
  template void convolution_input_gradient<N>(const Convolution&, const N*, const float*, N*, \
                                              std::int64_t, std::int64_t);                    \
  template void convolution_weight_gradient<N>(const Convolution&, const Input<N>&, const N*, \
                                               float*, std::int64_t, std::int64_t);
#define PK_INSTANTIATE_CONVOLUTION \
  PK_INSTANTIATE_CONVOLUTION_OF(float) PK_INSTANTIATE_CONVOLUTION_OF(BFloat16)

#define PK_INSTANTIATE_LAYOUT_OF(N) \
  template void to_pixels<N>(const MapLayout&, const float*, std::int64_t, N*);
#define PK_INSTANTIATE_LAYOUT PK_INSTANTIATE_LAYOUT_OF(float) PK_INSTANTIATE_LAYOUT_OF(BFloat16)

#define PK_INSTANTIATE_NORMALIZATION_OF(N)                                                      \
  template void channel_moments<N>(const Rows&, const N*, float*, float*);                      \
  template void scale_and_shift<N>(const Rows&, const N*, const float*, const float*, const N*, \
                                   bool, N*);                                                   \
  template void normalization_gradient<N>(const Rows&, const N*, const N*, const N*, bool,      \
                                          const float*, const float*, const float*, N*, N*,     \
                                          const NormalizationGradients&);
#define PK_INSTANTIATE_NORMALIZATION \
  PK_INSTANTIATE_NORMALIZATION_OF(float) PK_INSTANTIATE_NORMALIZATION_OF(BFloat16)

#define PK_INSTANTIATE_POOLING_OF(N)                                      \
  template void max_pool<N>(const MaxPool&, const N*, N*, std::uint8_t*); \
  template void max_pool_gradient<N>(const MaxPool&, const N*, const std::uint8_t*, N*);
#define PK_INSTANTIATE_POOLING PK_INSTANTIATE_POOLING_OF(float) PK_INSTANTIATE_POOLING_OF(BFloat16)
