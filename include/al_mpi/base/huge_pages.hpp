#pragma once

#include <cstddef>
#include <vector>

namespace al_mpi {

/// Asks for huge pages where [begin, begin + size) is large enough for some: the first touch of
/// gigabytes in pages of 4 KiB costs more than filling them. Results are the same without it.
void prefer_huge_pages(void* begin, std::size_t size);

/// Calls reserve(n) and prefers huge pages, for columns that may have gigabytes.
template <class T>
void reserve_huge(std::vector<T>& values, std::size_t n) {
  values.reserve(n);
  prefer_huge_pages(values.data(), values.capacity() * sizeof(T));
}

}  // namespace al_mpi
