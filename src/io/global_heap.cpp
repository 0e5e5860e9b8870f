#include "global_heap.hpp"

#include <cstdint>
#include <string_view>

#include <unistd.h>

namespace al_mpi {
namespace {

/// Length, address and number of the object: 4 + 8 + 4 bytes.
constexpr std::size_t reference_size = 16;
constexpr std::size_t header_size = 16;  // of a collection, and of an object in it

const char* const doing = "read the attribute";

/// `size` bytes at `at`, little endian as everywhere in HDF5; 0 beyond the end.
std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
  }
  return value;
}

/// A conversion that converts nothing: the attribute is read as it lies in the file.
herr_t as_stored(hid_t, hid_t to, H5T_cdata_t* conversion, std::size_t, std::size_t, std::size_t,
                 void*, void*, hid_t) {
  const bool wanted = H5Tget_size(to) == reference_size;
  return conversion->command == H5T_CONV_INIT && !wanted ? -1 : 0;
}

std::string stored_reference(hid_t attribute, hid_t type, const Place& place) {
  const Handle raw = place.own(H5Tcreate(H5T_OPAQUE, reference_size), doing);
  static const herr_t registered = H5Tregister(H5T_PERS_SOFT, "as stored", type, raw, as_stored);
  place.checked(registered, doing);
  std::string bytes(reference_size, '\0');
  place.checked(H5Aread(attribute, raw, bytes.data()), doing);
  return bytes;
}

/// The bytes of an HDF5 file, read by its descriptor, since its path may name another file by now.
class FileBytes {
 public:
  FileBytes(hid_t attribute, const Place& place) {
    const Handle file = place.own(H5Iget_file_id(attribute), doing);
    const Handle creation = place.own(H5Fget_create_plist(file), doing);
    std::size_t address_size = 0, length_size = 0;
    place.checked(H5Pget_sizes(creation, &address_size, &length_size), doing);
    usual_ = address_size == 8 && length_size == 8;
    place.checked(H5Pget_userblock(creation, &begin_), doing);
    void* handle = nullptr;
    place.checked(H5Fget_vfd_handle(file, H5P_DEFAULT, &handle), doing);
    fd_ = *static_cast<const int*>(handle);
    place.checked(H5Fget_filesize(file, &size_), doing);
  }

  bool usual() const { return usual_; }  ///< 64-bit addresses and lengths
  bool holds(std::uint64_t at, std::uint64_t size) const {
    return at <= size_ && size <= size_ - at;
  }
  std::string read(std::uint64_t at, std::uint64_t size) const {
    std::string bytes(static_cast<std::size_t>(size), '\0');
    const ssize_t n = ::pread(fd_, bytes.data(), bytes.size(), static_cast<off_t>(begin_ + at));
    bytes.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return bytes;
  }

 private:
  int fd_ = -1;
  bool usual_ = false;
  hsize_t begin_ = 0, size_ = 0;
};

/// The object of that number in a collection; a view of nothing (data() == nullptr) if there is
/// none.
std::string_view find_object(std::string_view collection, std::uint64_t wanted) {
  for (std::size_t at = header_size; at + header_size <= collection.size();) {
    const std::uint64_t object = number(collection, at, 2), size = number(collection, at + 8, 8);
    at += header_size;
    if (object == 0 || size > collection.size() - at) break;  // free space, or damage
    if (object == wanted) return collection.substr(at, static_cast<std::size_t>(size));
    at += (static_cast<std::size_t>(size) + 7) / 8 * 8;
  }
  return {};
}

}  // namespace

std::string global_heap_text(hid_t attribute, hid_t type, const Place& place) {
  const DataError damaged(place.file, place.object,
                          "is damaged (its text is not where it should be)");
  const FileBytes file(attribute, place);
  if (!file.usual())
    throw DataError(place.file, place.object, "has addresses of unusual size (write it with h5py)");
  const std::string reference = stored_reference(attribute, type, place);
  const std::uint64_t length = number(reference, 0, 4), address = number(reference, 4, 8);
  if (length == 0) return "";
  if (!file.holds(address, header_size)) throw damaged;
  const std::string header = file.read(address, header_size);
  const std::uint64_t size = number(header, 8, 8);
  if (header.substr(0, 4) != "GCOL" || !file.holds(address, size)) throw damaged;
  const std::string collection = file.read(address, size);
  const std::string_view text = find_object(collection, number(reference, 12, 4));
  if (length > text.size()) throw damaged;
  return std::string(text.substr(0, text.substr(0, static_cast<std::size_t>(length)).find('\0')));
}

}  // namespace al_mpi
