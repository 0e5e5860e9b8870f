#pragma once

#include <string>
#include <utility>

#include <hdf5.h>

#include <al_mpi/io/hdf5.hpp>

namespace al_mpi {

/// Owns one HDF5 identifier of any kind.
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t id) : id_(id) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  operator hid_t() const { return id_; }

 private:
  hid_t id_ = H5I_INVALID_HID;
};

/// Where a call happens, for its error message.
struct Place {
  const std::string& file;
  const std::string& object;

  /// Throws DataError "FILE: OBJECT: could not `doing` (why)" with HDF5's own reason.
  [[noreturn]] void fail(const std::string& doing) const;

  /// Passes an HDF5 return value on, or fails where it is negative.
  template <class T>
  T checked(T result, const char* doing) const {
    if (result < 0) fail(doing);
    return result;
  }
  Handle own(hid_t id, const char* doing) const { return Handle(checked(id, doing)); }
};

/// HDF5's innermost reason for the last failure, e.g. "No space left on device".
std::string hdf5_reason();

Handle open_dataset(hid_t file, const Place& place);

/// The same, refused where its shape promises more than the file can hold: what is allocated for a
/// dataset is bounded by the file, not by its header.
Handle open_to_read(hid_t file, const Place& place);
Handle link_creation(const Place& place);  ///< property list that makes missing groups
Handle string_type(std::size_t length, const Place& place);
hid_t native_type(ElementType type);  ///< the memory type of numbers
ElementType element_type_of(hid_t type);
Shape shape_of(hid_t dataset, const Place& place);
Handle creation_properties(const Storage& storage, const Place& place);

}  // namespace al_mpi
