#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <hdf5_hl.h>

#include "hdf5_crash.hpp"
#include "hdf5_handle.hpp"

namespace al_mpi {
namespace {

Handle access_properties(const Place& place) {
  // After a failed write HDF5's exit handler would crash; files are closed by their owners anyway.
  static const bool without_exit_handler = H5dont_atexit() >= 0;
  static_cast<void>(without_exit_handler);
  // Every error becomes a DataError; HDF5's own printing is per thread, so it is turned off here.
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  Handle list = place.own(H5Pcreate(H5P_FILE_ACCESS), "make a property list");
  place.checked(H5Pset_libver_bounds(list, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST),
                "set a property");
  place.checked(H5Pset_file_locking(list, 0, 1), "set a property");
  place.checked(H5Pset_alignment(list, 1, 16), "set a property");  // mapped arrays begin aligned
  return list;
}

[[noreturn]] void explain_unopenable(const std::string& path) {
  const std::string reason = hdf5_reason();
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw DataError(path, "", "no such file");
  }
  if (std::filesystem::is_directory(status)) throw DataError(path, "", "is a folder, not a file");
  if (!error && std::filesystem::file_size(path, error) == 0)
    throw DataError(path, "", "empty file");
  if (error) throw DataError(path, "", error.message());
  if (reason.find("signature") != std::string::npos) {
    throw DataError(path, "", "not an HDF5 file");
  }
  if (reason.find("truncated") != std::string::npos) {
    throw DataError(path, "", "truncated file (shorter than its own header says; copy it again)");
  }
  throw DataError(path, "", fmt::format("could not be opened ({})", reason));
}

const std::string whole_file;

}  // namespace

std::int64_t n_elements(const Shape& shape) {
  std::int64_t product = 1;
  for (const auto extent : shape) product *= extent;
  return product;
}

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

Hdf5File Hdf5File::open(const std::string& path) {
  const Handle access = access_properties({path, whole_file});
  auto token = reading(path);
  const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access);
  if (id < 0) explain_unopenable(path);
  Hdf5File file(path, id);
  file.reading_ = std::move(token);
  return file;
}

Hdf5File Hdf5File::edit(const std::string& path) {
  const Handle access = access_properties({path, whole_file});
  const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDWR, access);
  if (id < 0) explain_unopenable(path);
  return Hdf5File(path, id);
}

Hdf5File Hdf5File::create(const std::string& path) {
  const Place place{path, whole_file};
  const Handle access = access_properties(place);
  return Hdf5File(path, place.checked(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access),
                                      "create the file"));
}

Hdf5File Hdf5File::create_in_memory(const std::string& name) {
  const Place place{name, whole_file};
  const Handle access = access_properties(place);
  constexpr std::size_t growth = 4 << 20;  // bytes
  place.checked(H5Pset_fapl_core(access, growth, 0), "set a property");
  // HDF5 would first read a file of this name into memory, as a whole; below a file there is none.
  const std::string nowhere = name + "/in_memory";
  return Hdf5File(name,
                  place.checked(H5Fcreate(nowhere.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access),
                                "create the file"));
}

std::string Hdf5File::image() {
  const Place place{path_, whole_file};
  place.checked(H5Fflush(id_, H5F_SCOPE_LOCAL), "finish the file");
  const ssize_t size = place.checked(H5Fget_file_image(id_, nullptr, 0), "take the file's bytes");
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(size));
  prefer_huge_pages(bytes.data(), bytes.capacity());
  bytes.resize(static_cast<std::size_t>(size));
  place.checked(H5Fget_file_image(id_, bytes.data(), bytes.size()), "take the file's bytes");
  return bytes;
}

Hdf5File::Hdf5File(Hdf5File&& other) noexcept
    : path_(std::move(other.path_)),
      id_(std::exchange(other.id_, H5I_INVALID_HID)),
      reading_(std::move(other.reading_)) {}

Hdf5File& Hdf5File::operator=(Hdf5File&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(id_, other.id_);
  std::swap(reading_, other.reading_);
  return *this;
}

Hdf5File::~Hdf5File() {
  if (id_ >= 0) H5Fclose(id_);
}

void Hdf5File::close() {
  const hid_t id = std::exchange(id_, H5I_INVALID_HID);
  if (id < 0) return;
  const bool flushed = H5Fflush(id, H5F_SCOPE_LOCAL) >= 0;
  const std::string reason = flushed ? "" : hdf5_reason();
  const bool closed = H5Fclose(id) >= 0;
  if (flushed && closed) return;
  throw DataError(path_, "",
                  fmt::format("could not write the file ({})", flushed ? hdf5_reason() : reason));
}

bool Hdf5File::has(const std::string& object) const {
  if (object == "/") return true;
  // H5Lexists needs every group on the way to exist.
  for (auto slash = object.find('/', 1); slash != std::string::npos;
       slash = object.find('/', slash + 1)) {
    if (H5Lexists(id_, object.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return H5Lexists(id_, object.c_str(), H5P_DEFAULT) > 0 &&
         H5Oexists_by_name(id_, object.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> Hdf5File::children(const std::string& group) const {
  const Place place{path_, group};
  const Handle opened = place.own(H5Gopen2(id_, group.c_str(), H5P_DEFAULT), "open the group");
  std::vector<std::string> names;
  const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  };
  place.checked(H5Literate(opened, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &names),
                "list it");
  return names;
}

void Hdf5File::remove(const std::string& object) {
  Place{path_, object}.checked(H5Ldelete(id_, object.c_str(), H5P_DEFAULT), "remove it");
}

void Hdf5File::make_scale(const std::string& dataset, const std::string& name) {
  const Place place{path_, dataset};
  place.checked(H5DSset_scale(open_dataset(id_, place), name.c_str()), "make it a dimension scale");
}

void Hdf5File::attach_scale(const std::string& dataset, int dimension, const std::string& scale) {
  const Place place{path_, dataset};
  const Handle along = open_dataset(id_, {path_, scale});
  place.checked(H5DSattach_scale(open_dataset(id_, place), along, static_cast<unsigned>(dimension)),
                "attach the dimension scale");
}

}  // namespace al_mpi
