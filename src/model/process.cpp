#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <malloc.h>

#include <al_mpi/model/process.hpp>

namespace al_mpi {

void tune_process(int threads) {
#ifdef __GLIBC__
  constexpr int mib = 1 << 20;
  mallopt(M_MMAP_THRESHOLD,
          1024 * mib);  // batches and activations come from the heap, not from mmap
  mallopt(M_TRIM_THRESHOLD, 2047 * mib);  // the top of the heap stays
  mallopt(M_TOP_PAD, 256 * mib);
#endif
  at::set_num_threads(threads);
  if (at::get_num_interop_threads() != 1) at::set_num_interop_threads(1);
  at::globalContext().setFlushDenormal(true);
}

}  // namespace al_mpi
