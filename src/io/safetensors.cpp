#include <al_mpi/io/safetensors.hpp>

#include <cstring>

#include <nlohmann/json.hpp>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

/// A whole number >= 0: to convert another one is undefined. Beyond 2^63 it comes out negative.
std::int64_t extent(const nlohmann::json& value) {
  return static_cast<std::int64_t>(value.get_ref<const nlohmann::json::number_unsigned_t&>());
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::string& path) : mapping(MappedFile::map(path)) {
  constexpr std::int64_t length_size = 8;
  const auto* bytes = static_cast<const char*>(mapping->data());
  std::uint64_t header_size = 0;
  if (mapping->size() > length_size) std::memcpy(&header_size, bytes, length_size);
  const std::int64_t room = mapping->size() - length_size;
  if (header_size < 2 || room < 0 || header_size > static_cast<std::uint64_t>(room)) {
    throw DataError(path, "",
                    "is no weight file (neither torch.save's zip format nor safetensors)");
  }
  const char* header = bytes + length_size;
  const char* values = header + header_size;
  const std::int64_t values_size = room - static_cast<std::int64_t>(header_size);
  try {
    const nlohmann::json entries = nlohmann::json::parse(header, values);
    for (const auto& [name, entry] : entries.items()) {
      if (name == "__metadata__") continue;
      const auto first = extent(entry.at("data_offsets").at(0));
      const auto last = extent(entry.at("data_offsets").at(1));
      if (first < 0 || last < first || last > values_size) {
        throw DataError(path, name, "lies beyond the end of the file (truncated)");
      }
      std::vector<std::int64_t> shape;
      for (const auto& size : entry.at("shape")) shape.push_back(extent(size));
      tensors[name] = {entry.at("dtype").get<std::string>(), std::move(shape), values + first,
                       last - first};
    }
  } catch (const nlohmann::json::exception&) {
    throw DataError(path, "",
                    "is no weight file (neither torch.save's zip format nor safetensors)");
  }
}

}  // namespace al_mpi
