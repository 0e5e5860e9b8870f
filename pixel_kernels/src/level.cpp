#include <pixel_kernels/level.hpp>

#include <cstdlib>
#include <stdexcept>

namespace pixel_kernels {
namespace {

constexpr Level all[] = {Level::off, Level::portable, Level::avx512};

bool processor_has_avx512() {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

}  // namespace

const char* name_of(Level level) {
  return level == Level::off ? "off" : level == Level::portable ? "portable" : "avx512";
}

Level level_of(const char* name) {
  const std::string wanted = name == nullptr ? "" : name;
  if (wanted.empty()) return processor_has_avx512() ? Level::avx512 : Level::off;
  for (const Level level : all) {
    if (wanted != name_of(level)) continue;
    if (level == Level::avx512 && !processor_has_avx512())
      throw std::invalid_argument(
          "level avx512 needs AVX-512 (F, BW, DQ, VL), which this processor lacks: take off or "
          "portable");
    return level;
  }
  throw std::invalid_argument("unknown level '" + wanted + "' (known: off, portable, avx512)");
}

Level level() {
  static const Level of_process = level_of(std::getenv("AL_MPI_KERNELS"));
  return of_process;
}

// The processor is asked once, and in this source: in one compiled for AVX-512 the initialisation
// would run AVX-512's instructions before main() on processors that lack them.
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

}  // namespace pixel_kernels
