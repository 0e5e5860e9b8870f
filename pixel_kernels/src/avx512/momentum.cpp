#include "lanes.hpp"
#include "src/implementations.hpp"

namespace pixel_kernels::avx512 {

void momentum_step(const MomentumRates& rates, std::int64_t n, const float* gradient,
                   float* velocity, float* weights) {
  const __m512 learning = _mm512_set1_ps(rates.learning);
  const __m512 momentum = _mm512_set1_ps(rates.momentum);
  const __m512 decay = _mm512_set1_ps(rates.decay);
  // The three arrays lie in memory, not in a cache, and take turns: more streams than the processor
  // foresees far enough.
  constexpr std::int64_t ahead = 256;
  const float* arrays[] = {gradient, velocity, weights};
  for (std::int64_t i = 0; i < n; i += 16) {
    for (const float* array : arrays)
      _mm_prefetch(reinterpret_cast<const char*>(array + i + ahead), _MM_HINT_T0);
    const __mmask16 lanes = first_lanes(n - i);
    const __m512 w = load(weights + i, lanes);
    const __m512 pull = _mm512_add_ps(load(gradient + i, lanes), _mm512_mul_ps(decay, w));
    const __m512 v = _mm512_add_ps(_mm512_mul_ps(momentum, load(velocity + i, lanes)), pull);
    store(velocity + i, v, lanes);
    store(weights + i, _mm512_sub_ps(w, _mm512_mul_ps(learning, v)), lanes);
  }
}

}  // namespace pixel_kernels::avx512
