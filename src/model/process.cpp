#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include <al_mpi/model/process.hpp>

namespace al_mpi {
namespace {

#ifdef __GLIBC__
constexpr std::size_t mib = std::size_t{1} << 20;

/// Batches, activations and weights come from the heap, not from a mapping each, and the top of the heap
/// stays.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 1024 * mib);
  mallopt(M_TRIM_THRESHOLD, 2047 * mib);
  mallopt(M_TOP_PAD, 256 * mib);
}

/// Asks for huge pages under the next gibibyte of the heap, since weights and activations are walked
/// through by strides of more than a page. It is reserved by a block that is freed untouched.
void use_huge_pages() {
  constexpr std::size_t reserved = 1000 * mib;  // below the threshold from which a block is mapped
  void* block = std::malloc(reserved);
  if (block == nullptr) return;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto start = (reinterpret_cast<std::uintptr_t>(block) + page - 1) / page * page;
  madvise(reinterpret_cast<void*>(start), reserved - page, MADV_HUGEPAGE);  // fails where there are none
  std::free(block);
}
#endif

}  // namespace

void tune_process(int threads) {
#ifdef __GLIBC__
  keep_freed_memory();
  use_huge_pages();
#endif
  at::set_num_threads(threads);
  if (at::get_num_interop_threads() != 1) at::set_num_interop_threads(1);
  at::globalContext().setFlushDenormal(true);
}

}  // namespace al_mpi
