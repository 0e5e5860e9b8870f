#include <al_mpi/base/huge_pages.hpp>

#include <cstdint>

#include <sys/mman.h>

namespace al_mpi {

void prefer_huge_pages(void* begin, std::size_t size) {
  constexpr std::uintptr_t page = 2 << 20;  // bytes
  const auto at = reinterpret_cast<std::uintptr_t>(begin);
  const std::uintptr_t first = (at + page - 1) / page * page, last = (at + size) / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

}  // namespace al_mpi
