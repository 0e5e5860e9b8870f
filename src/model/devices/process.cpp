#include <al_mpi/model/process.hpp>

#include <cstdlib>
#include <stdexcept>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <malloc.h>

#include <pixel_kernels/level.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/huge_pages.hpp>

namespace al_mpi {
namespace {

#ifdef __GLIBC__
constexpr std::size_t mib = std::size_t{1} << 20;

/// Tells malloc to take batches, activations and weights from the heap instead of a mapping each,
/// and to keep the top of the heap when it is freed.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 1024 * mib);
  mallopt(M_TRIM_THRESHOLD, 2047 * mib);
  mallopt(M_TOP_PAD, 256 * mib);
}

/// Asks for huge pages under the next gibibyte of the heap, since weights and activations are
/// walked through by strides of more than a page. It is reserved by a block that is freed
/// untouched.
void use_huge_pages() {
  constexpr std::size_t reserved = 1000 * mib;  // below the size from which a block is a mapping
  void* block = std::malloc(reserved);
  if (block != nullptr) prefer_huge_pages(block, reserved);
  std::free(block);
}
#endif

}  // namespace

void tune_process(int threads) {
  try {
    pixel_kernels::level();
  } catch (const std::invalid_argument& error) {
    throw ConfigError("AL_MPI_KERNELS", error.what());
  }
#ifdef __GLIBC__
  keep_freed_memory();
  use_huge_pages();
#endif
  at::set_num_threads(threads);
  if (at::get_num_interop_threads() != 1) at::set_num_interop_threads(1);
  at::globalContext().setFlushDenormal(true);
}

}  // namespace al_mpi
