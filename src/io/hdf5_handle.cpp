#include "hdf5_handle.hpp"

#include <algorithm>
#include <iterator>

namespace al_mpi {

std::string hdf5_reason() {
  std::string reason;
  const auto innermost = [](unsigned n, const H5E_error2_t* error, void* out) -> herr_t {
    if (n == 0 && error->desc != nullptr) *static_cast<std::string*>(out) = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, &reason);
  // The operating system's words, where HDF5 quotes some, say more than its own.
  const std::string before = "error message = '";
  if (const auto at = reason.find(before); at != std::string::npos) {
    const auto begin = at + before.size();
    return reason.substr(begin, reason.find('\'', begin) - begin);
  }
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  return reason.empty() ? "unknown reason" : reason;
}

void Place::fail(const std::string& doing) const {
  throw DataError(file, object, fmt::format("could not {} ({})", doing, hdf5_reason()));
}

Handle open_dataset(hid_t file, const Place& place) {
  const Handle object(H5Oopen(file, place.object.c_str(), H5P_DEFAULT));
  if (object < 0) throw DataError(place.file, place.object, "missing or damaged dataset");
  if (H5Iget_type(object) != H5I_DATASET)
    throw DataError(place.file, place.object, "not a dataset");
  return place.own(H5Dopen2(file, place.object.c_str(), H5P_DEFAULT), "open the dataset");
}

Handle open_to_read(hid_t file, const Place& place) {
  Handle dataset = open_dataset(file, place);
  const Handle list = place.own(H5Dget_create_plist(dataset), "read the layout");
  const Handle type = place.own(H5Dget_type(dataset), "read the type");
  hsize_t file_size = 0;
  place.checked(H5Fget_filesize(file, &file_size), "read the layout");
  // Deflate makes at most 1032 bytes out of one; the margin is for short tables.
  const hsize_t possible = H5Pget_layout(list) == H5D_CHUNKED
                               ? 1100 * H5Dget_storage_size(dataset) + (hsize_t{1} << 20)
                               : file_size;
  hsize_t bytes = H5Tget_size(type);
  bool too_many = false;
  for (const std::int64_t extent : shape_of(dataset, place)) {
    too_many |= extent < 0 || __builtin_mul_overflow(bytes, static_cast<hsize_t>(extent), &bytes);
  }
  if (too_many || bytes > possible) {
    throw DataError(place.file, place.object,
                    "is damaged or truncated (its shape needs more bytes than are stored)");
  }
  return dataset;
}

Handle link_creation(const Place& place) {
  Handle list = place.own(H5Pcreate(H5P_LINK_CREATE), "make a property list");
  place.checked(H5Pset_create_intermediate_group(list, 1), "set a property");
  return list;
}

Handle string_type(std::size_t length, const Place& place) {
  Handle type = place.own(H5Tcopy(H5T_C_S1), "make a string type");
  place.checked(H5Tset_size(type, std::max<std::size_t>(length, 1)), "make a string type");
  place.checked(H5Tset_strpad(type, H5T_STR_NULLPAD), "make a string type");
  place.checked(H5Tset_cset(type, H5T_CSET_UTF8), "make a string type");
  return type;
}

hid_t native_type(ElementType type) {
  // In the order of ElementType, without those that are no numbers.
  const hid_t types[] = {H5T_NATIVE_UINT8, H5T_NATIVE_UINT16, H5T_NATIVE_INT16, H5T_NATIVE_INT32,
                         H5T_NATIVE_INT64, H5T_NATIVE_FLOAT,  H5T_NATIVE_DOUBLE};
  const auto place = static_cast<std::size_t>(type);
  check(place < std::size(types), "{} is not a type of numbers", name_of(type));
  return types[place];
}

ElementType element_type_of(hid_t type) {
  const H5T_class_t kind = H5Tget_class(type);
  const std::size_t size = H5Tget_size(type);
  if (kind == H5T_STRING) return ElementType::text;
  if (kind == H5T_FLOAT) {
    return size == 4 ? ElementType::float32 : size == 8 ? ElementType::float64 : ElementType::other;
  }
  if (kind != H5T_INTEGER) return ElementType::other;
  if (H5Tget_sign(type) == H5T_SGN_NONE) {
    return size == 1 ? ElementType::uint8 : size == 2 ? ElementType::uint16 : ElementType::other;
  }
  return size == 2   ? ElementType::int16
         : size == 4 ? ElementType::int32
         : size == 8 ? ElementType::int64
                     : ElementType::other;
}

Shape shape_of(hid_t dataset, const Place& place) {
  const Handle space = place.own(H5Dget_space(dataset), "read the shape");
  const int rank = place.checked(H5Sget_simple_extent_ndims(space), "read the shape");
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  place.checked(H5Sget_simple_extent_dims(space, extents.data(), nullptr), "read the shape");
  return Shape(extents.begin(), extents.end());
}

Handle creation_properties(const Storage& storage, const Place& place) {
  Handle list = place.own(H5Pcreate(H5P_DATASET_CREATE), "make a property list");
  const char* doing = "set a property";
  place.checked(H5Pset_fill_time(list, H5D_FILL_TIME_NEVER), doing);
  if (storage.chunk.empty()) {
    place.checked(H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY), doing);
    return list;
  }
  const std::vector<hsize_t> chunk(storage.chunk.begin(), storage.chunk.end());
  place.checked(H5Pset_chunk(list, static_cast<int>(chunk.size()), chunk.data()), doing);
  if (storage.deflate > 0) {
    place.checked(H5Pset_shuffle(list), doing);
    place.checked(H5Pset_deflate(list, static_cast<unsigned>(storage.deflate)), doing);
  }
  return list;
}

}  // namespace al_mpi
