#include <cstring>

#include <nlohmann/json.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/io/safetensors.hpp>

namespace al_mpi {

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
      const auto first = entry.at("data_offsets").at(0).get<std::int64_t>();
      const auto last = entry.at("data_offsets").at(1).get<std::int64_t>();
      if (first < 0 || last < first || last > values_size) {
        throw DataError(path, name, "lies beyond the end of the file (truncated)");
      }
      tensors[name] = {entry.at("dtype").get<std::string>(),
                       entry.at("shape").get<std::vector<std::int64_t>>(), values + first,
                       last - first};
    }
  } catch (const nlohmann::json::exception&) {
    throw DataError(path, "",
                    "is no weight file (neither torch.save's zip format nor safetensors)");
  }
}

}  // namespace al_mpi
