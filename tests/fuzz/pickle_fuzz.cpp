// Any bytes are a pickle of plain objects or a PickleError; what is read takes memory like the
// bytes.

#include <cstdlib>
#include <string_view>

#include "src/io/pickle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace al_mpi;
  try {
    const Pickle pickle({reinterpret_cast<const char*>(data), size});
    if (pickle.root().items.size() > 2 * size) std::abort();
  } catch (const PickleError&) {
  }
  return 0;
}
