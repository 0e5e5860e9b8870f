#include <algorithm>

#include "hdf5_handle.hpp"
#include "packed_chunks.hpp"

namespace al_mpi {
namespace {

/// Memory and file dataspaces of a transfer.
struct Selection {
  Handle memory;
  Handle file;
};

Selection select(hid_t dataset, const Place& place, const Shape& start, const Shape& count) {
  Selection selection;
  selection.file = place.own(H5Dget_space(dataset), "read the shape");
  if (count.empty()) {
    selection.memory = place.own(H5Scopy(selection.file), "select values");
    return selection;
  }
  const Shape shape = shape_of(dataset, place);
  check(start.size() == shape.size() && count.size() == shape.size(), "{}: slab rank",
        place.object);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    check(start[i] >= 0 && count[i] >= 0 && start[i] + count[i] <= shape[i], "{}: slab outside",
          place.object);
  }
  const std::vector<hsize_t> first(start.begin(), start.end()), extent(count.begin(), count.end());
  selection.memory = place.own(
      H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), "select values");
  if (n_elements(count) == 0) {
    H5Sselect_none(selection.memory);
    H5Sselect_none(selection.file);
    return selection;
  }
  place.checked(H5Sselect_hyperslab(selection.file, H5S_SELECT_SET, first.data(), nullptr,
                                    extent.data(), nullptr),
                "select values");
  return selection;
}

bool lies_as_in_memory(hid_t dataset, const Place& place) {
  const Handle list = place.own(H5Dget_create_plist(dataset), "read the layout");
  const Handle type = place.own(H5Dget_type(dataset), "read the type");
  const ElementType element = element_type_of(type);
  if (element == ElementType::other || element == ElementType::text) return false;
  return H5Pget_layout(list) == H5D_CONTIGUOUS && H5Pget_external_count(list) == 0 &&
         H5Tequal(type, native_type(element)) > 0;
}

/// The dataset's chunks, if they are packed ones and hold values of that type.
std::optional<PackedChunks> whole_chunks(hid_t dataset, hid_t type, const Place& place) {
  const bool as_stored = H5Tequal(place.own(H5Dget_type(dataset), "read the type"), type) > 0;
  return as_stored ? PackedChunks::of(dataset, place) : std::nullopt;
}

/// The word for a type that is not a number.
const char* kind_of(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_STRING:
      return "text";
    case H5T_COMPOUND:
      return "complex numbers or a table";
    case H5T_ENUM:
      return "an enumeration";
    case H5T_VLEN:
      return "lists of different lengths";
    default:
      return "another type";
  }
}

/// Reads `n` values of the chunks; false where HDF5 has to read them.
bool read_chunks(PackedChunks& chunks, std::size_t n, char* out) {
  const std::size_t step = chunks.values_a_chunk(), size = chunks.value_size();
  BytePlanes planes;
  for (std::size_t i = 0, first = 0; first < n; ++i, first += step) {
    if (!chunks.read(i, planes)) return false;
    planes.take(out + first * size, size, std::min(step, n - first), 0);
  }
  return true;
}

void write_from(const RowSource<void>& rows, PackedChunks& chunks, const Shape& shape,
                const Place& place) {
  chunks.write(
      static_cast<std::size_t>(shape[0]),
      [&](std::size_t first, std::size_t count, BytePlanes& planes) {
        planes.put(rows(first, count), chunks.value_size(), count * chunks.values_a_row(), 0);
      },
      place);
}

}  // namespace

DatasetInfo Hdf5File::info(const std::string& dataset) const {
  const Place place{path_, dataset};
  const Handle opened = open_to_read(id_, place);
  const Handle type = place.own(H5Dget_type(opened), "read the type");
  return {element_type_of(type), shape_of(opened, place)};
}

std::optional<std::int64_t> Hdf5File::mappable_offset(const std::string& dataset) const {
  const Place place{path_, dataset};
  const Handle opened = open_dataset(id_, place);
  if (!lies_as_in_memory(opened, place)) return std::nullopt;
  if (n_elements(shape_of(opened, place)) == 0) return 0;
  const haddr_t offset = H5Dget_offset(opened);
  if (offset == HADDR_UNDEF) return std::nullopt;
  return static_cast<std::int64_t>(offset);
}

void Hdf5File::create_dataset(const std::string& dataset, ElementType type, const Shape& shape,
                              const Storage& storage) {
  const Place place{path_, dataset};
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  const Handle space = place.own(
      shape.empty() ? H5Screate(H5S_SCALAR)
                    : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr),
      "create the dataset");
  place.own(H5Dcreate2(id_, dataset.c_str(), native_type(type), space, link_creation(place),
                       creation_properties(storage, place), H5P_DEFAULT),
            "create the dataset");
}

void Hdf5File::read_numbers(const std::string& dataset, ElementType type, void* out,
                            const Shape& start, const Shape& count) const {
  const Place place{path_, dataset};
  const Handle opened = open_to_read(id_, place);
  const Handle stored = place.own(H5Dget_type(opened), "read the type");
  const H5T_class_t kind = H5Tget_class(stored);
  const bool is_bool = kind == H5T_ENUM && H5Tget_size(stored) == 1;
  if (kind != H5T_INTEGER && kind != H5T_FLOAT && !is_bool) {
    throw DataError(path_, dataset, fmt::format("expected numbers, found {}", kind_of(stored)));
  }
  if (count.empty()) {
    auto chunks = whole_chunks(opened, native_type(type), place);
    const auto n = static_cast<std::size_t>(n_elements(shape_of(opened, place)));
    if (chunks && read_chunks(*chunks, n, static_cast<char*>(out))) return;
  }
  const Selection selection = select(opened, place, start, count);
  place.checked(H5Dread(opened, is_bool ? hid_t{stored} : native_type(type), selection.memory,
                        selection.file, H5P_DEFAULT, out),
                "read the values");
  if (!is_bool) return;
  const std::int64_t n = n_elements(count.empty() ? shape_of(opened, place) : count);
  place.checked(H5Tconvert(H5T_NATIVE_INT8, native_type(type), static_cast<std::size_t>(n), out,
                           nullptr, H5P_DEFAULT),
                "convert the values");
}

void Hdf5File::write_numbers(const std::string& dataset, ElementType type, const void* values,
                             const Shape& start, const Shape& count) {
  const Place place{path_, dataset};
  const Handle opened = open_dataset(id_, place);
  if (count.empty()) {
    if (auto chunks = whole_chunks(opened, native_type(type), place)) {
      const auto* bytes = static_cast<const char*>(values);
      const std::size_t row_size = chunks->values_a_row() * chunks->value_size();
      const auto rows = [&](std::size_t first, std::size_t) { return bytes + first * row_size; };
      return write_from(rows, *chunks, shape_of(opened, place), place);
    }
  }
  const Selection selection = select(opened, place, start, count);
  place.checked(
      H5Dwrite(opened, native_type(type), selection.memory, selection.file, H5P_DEFAULT, values),
      "write the values");
}

void Hdf5File::write_all_rows(const std::string& dataset, const RowSource<void>& rows) {
  const Place place{path_, dataset};
  const Handle opened = open_dataset(id_, place);
  auto chunks = PackedChunks::of(opened, place);
  check(chunks.has_value(), "{}: rows in no packed chunks", dataset);
  write_from(rows, *chunks, shape_of(opened, place), place);
}

std::vector<std::string> Hdf5File::read_strings(const std::string& dataset) const {
  const Place place{path_, dataset};
  const Handle opened = open_to_read(id_, place);
  const Handle type = place.own(H5Dget_type(opened), "read the type");
  const Shape shape = shape_of(opened, place);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 || shape.size() != 1) {
    throw DataError(path_, dataset, "expected a list of fixed-length strings");
  }
  const std::size_t length = H5Tget_size(type);
  std::string packed(length * static_cast<std::size_t>(shape[0]), '\0');
  place.checked(H5Dread(opened, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, packed.data()),
                "read the values");
  std::vector<std::string> values;
  values.reserve(static_cast<std::size_t>(shape[0]));
  for (std::size_t at = 0; at < packed.size(); at += length) {
    const std::string value = packed.substr(at, length);
    values.push_back(value.substr(0, value.find('\0')));
  }
  return values;
}

void Hdf5File::write_strings(const std::string& dataset, const std::vector<std::string>& values) {
  const Place place{path_, dataset};
  std::size_t length = 1;
  for (const auto& value : values) length = std::max(length, value.size());
  std::string packed(length * values.size(), '\0');
  for (std::size_t i = 0; i < values.size(); ++i) values[i].copy(&packed[i * length], length);
  const Handle type = string_type(length, place);
  const hsize_t extent = values.size();
  const Handle space = place.own(H5Screate_simple(1, &extent, nullptr), "create the dataset");
  const Handle created = place.own(
      H5Dcreate2(id_, dataset.c_str(), type, space, link_creation(place), H5P_DEFAULT, H5P_DEFAULT),
      "create the dataset");
  place.checked(H5Dwrite(created, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, packed.data()),
                "write the values");
}

}  // namespace al_mpi
