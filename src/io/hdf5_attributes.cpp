#include "global_heap.hpp"
#include "hdf5_handle.hpp"

namespace al_mpi {
namespace {

std::string path_of(const std::string& object, const std::string& attribute) {
  return (object == "/" ? "" : object) + "@" + attribute;
}

// The attribute, or an invalid handle if there is none.
Handle open_attribute(hid_t file, const Place& place, const std::string& name) {
  if (place.checked(H5Aexists_by_name(file, place.object.c_str(), name.c_str(), H5P_DEFAULT),
                    "read its attributes") == 0) {
    return {};
  }
  return place.own(
      H5Aopen_by_name(file, place.object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
      "open an attribute");
}

template <class T>
std::optional<T> number(hid_t file, const Place& place, const std::string& name, H5T_class_t kind) {
  const Handle attribute = open_attribute(file, place, name);
  if (attribute < 0) return std::nullopt;
  const std::string path = path_of(place.object, name);
  const Place here{place.file, path};
  const Handle type = here.own(H5Aget_type(attribute), "read the attribute");
  const Handle space = here.own(H5Aget_space(attribute), "read the attribute");
  const H5T_class_t found = H5Tget_class(type);
  const bool fits = found == kind || (kind == H5T_FLOAT && found == H5T_INTEGER);
  if (!fits || H5Sget_simple_extent_npoints(space) != 1) {
    throw DataError(place.file, path,
                    kind == H5T_FLOAT ? "expected one number" : "expected one whole number");
  }
  T value{};
  here.checked(H5Aread(attribute, native_type(element_type<T>()), &value), "read the attribute");
  return value;
}

/// Throws where a text claims to be longer than its file.
void check_length(hid_t attribute, std::size_t length, const Place& place) {
  const Handle file = place.own(H5Iget_file_id(attribute), "read the attribute");
  hsize_t size = 0;
  place.checked(H5Fget_filesize(file, &size), "read the attribute");
  if (length > size) {
    throw DataError(place.file, place.object,
                    fmt::format("is damaged (a text of {} bytes in a file of {})", length, size));
  }
}

std::string fixed_text(hid_t attribute, hid_t type, const Place& place) {
  check_length(attribute, H5Tget_size(type), place);
  std::string value(H5Tget_size(type), '\0');
  place.checked(H5Aread(attribute, type, value.data()), "read the attribute");
  return value.substr(0, value.find('\0'));
}

std::string variable_text(hid_t file, hid_t attribute, hid_t type, const Place& place) {
  unsigned intent = 0;
  place.checked(H5Fget_intent(file, &intent), "read the attribute");
  if (intent == H5F_ACC_RDONLY) return global_heap_text(attribute, type, place);
  char* text = nullptr;  // a file that we are writing
  place.checked(H5Aread(attribute, type, &text), "read the attribute");
  std::string value = text == nullptr ? "" : text;
  H5free_memory(text);
  return value;
}

void write_attribute(hid_t file, const Place& place, const std::string& name,
                     std::pair<hid_t, const void*> type_and_value) {
  const char* object = place.object.c_str();
  const char* doing = "write an attribute";
  if (place.checked(H5Aexists_by_name(file, object, name.c_str(), H5P_DEFAULT), doing) > 0) {
    place.checked(H5Adelete_by_name(file, object, name.c_str(), H5P_DEFAULT), doing);
  }
  const Handle space = place.own(H5Screate(H5S_SCALAR), doing);
  const auto [type, value] = type_and_value;
  const Handle attribute = place.own(H5Acreate_by_name(file, object, name.c_str(), type, space,
                                                       H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                                     doing);
  place.checked(H5Awrite(attribute, type, value), doing);
}

}  // namespace

std::vector<std::string> Hdf5File::attributes(const std::string& object) const {
  const Place place{path_, object};
  std::vector<std::string> names;
  const auto collect = [](hid_t, const char* name, const H5A_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  };
  place.checked(H5Aiterate_by_name(id_, object.c_str(), H5_INDEX_NAME, H5_ITER_INC, nullptr,
                                   collect, &names, H5P_DEFAULT),
                "list its attributes");
  return names;
}

std::optional<std::string> Hdf5File::text_attribute(const std::string& object,
                                                    const std::string& name) const {
  const Place place{path_, object};
  const Handle attribute = open_attribute(id_, place, name);
  if (attribute < 0) return std::nullopt;
  const std::string path = path_of(object, name);
  const Place here{path_, path};
  const Handle type = here.own(H5Aget_type(attribute), "read the attribute");
  const Handle space = here.own(H5Aget_space(attribute), "read the attribute");
  if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) {
    throw DataError(path_, path, "expected one text");
  }
  return H5Tis_variable_str(type) > 0 ? variable_text(id_, attribute, type, here)
                                      : fixed_text(attribute, type, here);
}

std::optional<std::int64_t> Hdf5File::int_attribute(const std::string& object,
                                                    const std::string& name) const {
  return number<std::int64_t>(id_, {path_, object}, name, H5T_INTEGER);
}

std::optional<double> Hdf5File::double_attribute(const std::string& object,
                                                 const std::string& name) const {
  return number<double>(id_, {path_, object}, name, H5T_FLOAT);
}

void Hdf5File::set_attribute(const std::string& object, const std::string& name,
                             const std::string& value) {
  // Variable-length: it may exceed the 64 KiB that a fixed-length attribute may have.
  const Place place{path_, object};
  const Handle type = place.own(H5Tcopy(H5T_C_S1), "write an attribute");
  place.checked(H5Tset_size(type, H5T_VARIABLE), "write an attribute");
  place.checked(H5Tset_cset(type, H5T_CSET_UTF8), "write an attribute");
  const char* text = value.c_str();
  write_attribute(id_, place, name, {type, &text});
}

void Hdf5File::set_attribute(const std::string& object, const std::string& name,
                             std::int64_t value) {
  write_attribute(id_, {path_, object}, name, {H5T_NATIVE_INT64, &value});
}

void Hdf5File::set_attribute(const std::string& object, const std::string& name, double value) {
  write_attribute(id_, {path_, object}, name, {H5T_NATIVE_DOUBLE, &value});
}

}  // namespace al_mpi
