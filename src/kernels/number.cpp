#include <al_mpi/kernels/number.hpp>

namespace al_mpi {

bool processor_runs_kernels() {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

// Asked here and once: sources compiled for AVX-512 must not run before main(), on any processor.
const bool has_bfloat16_instructions =
#ifdef __x86_64__
    __builtin_cpu_supports("avx512bf16") != 0;
#else
    false;
#endif

bool bfloat16_is_faster() {
#ifdef __x86_64__
  return has_bfloat16_instructions && !__builtin_cpu_is("intel");
#else
  return false;
#endif
}

}  // namespace al_mpi
