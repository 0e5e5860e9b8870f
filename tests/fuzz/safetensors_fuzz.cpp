// Any bytes are a .safetensors file whose arrays lie within it, or a DataError. An even first byte:
// the file follows. An odd one: its header up to a zero, then its values, so that the header may
// grow and its length, put before it here, stays right.

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/io/safetensors.hpp>

namespace {

std::string file_of(std::string_view input) {
  if (input.empty()) return "";
  const bool whole = input[0] % 2 == 0;
  input.remove_prefix(1);
  if (whole) return std::string(input);
  const std::size_t header_size = std::min(input.find('\0'), input.size());
  std::string file(8, '\0');
  std::memcpy(file.data(), &header_size, file.size());
  file += input.substr(0, header_size);
  if (header_size < input.size()) file += input.substr(header_size + 1);
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace al_mpi;
  static const int memory = ::memfd_create("safetensors", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(memory);
  const std::string bytes = file_of({reinterpret_cast<const char*>(data), size});
  if (::ftruncate(memory, 0) != 0) std::abort();
  if (::pwrite(memory, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    std::abort();
  }
  try {
    const SafetensorsFile file(path);
    const auto* begin = static_cast<const char*>(file.mapping->data());
    for (const auto& [name, tensor] : file.tensors) {
      const auto* values = static_cast<const char*>(tensor.data);
      if (values < begin + 8 || tensor.bytes < 0) std::abort();
      if (tensor.bytes > begin + file.mapping->size() - values) std::abort();
    }
  } catch (const DataError&) {
  }
  return 0;
}
