#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <al_mpi/base/enum_names.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/huge_pages.hpp>
#include <al_mpi/io/row_source.hpp>

namespace al_mpi {

/// What one element of an HDF5 dataset is; `other` is a type this program does not read.
AL_ENUM(ElementType, uint8, uint16, int16, int32, int64, float32, float64, text, other)

template <class T>
constexpr ElementType element_type() {
  if constexpr (std::is_same_v<T, std::uint8_t>)
    return ElementType::uint8;
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return ElementType::uint16;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return ElementType::int16;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return ElementType::int32;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return ElementType::int64;
  else if constexpr (std::is_same_v<T, float>)
    return ElementType::float32;
  else {
    static_assert(std::is_same_v<T, double>, "no such element type in our files");
    return ElementType::float64;
  }
}

using Shape = std::vector<std::int64_t>;  ///< extents, slowest first; {} = scalar
std::int64_t n_elements(const Shape& shape);

/// How a dataset lies in the file. Default: contiguous, which is what can be mapped into memory.
struct Storage {
  Shape chunk = {};  ///< extents of a chunk; empty = contiguous
  int deflate = 0;   ///< 0 (none) .. 9, with byte shuffle; needs chunks
};

struct DatasetInfo {
  ElementType type = ElementType::other;
  Shape shape;
};

/// One column of a table (a 1-D compound dataset); strings are stored with the length of the
/// longest.
struct TableColumn {
  using Values = std::variant<std::vector<std::int32_t>, std::vector<std::int64_t>,
                              std::vector<double>, std::vector<std::string>>;
  std::string name;
  Values values;
};
using Table = std::vector<TableColumn>;

/// An open HDF5 file; datasets, groups and attributes are named by their path ("/train/images").
/// Missing groups on the way to a new object are made. Every member throws DataError naming the
/// file, the dataset and the problem. Files are readable by every HDF5 since 1.8. Not thread-safe.
class Hdf5File {
 public:
  /// Read-only and without locks: our files are replaced as a whole, never written in place.
  static Hdf5File open(const std::string& path);
  static Hdf5File create(const std::string& path);  ///< empties an existing file
  static Hdf5File edit(const std::string& path);    ///< an existing file, to add to it
  /// A file that lives in memory until image() is written somewhere; `name` is for messages. HDF5
  /// cannot let go of a file that it failed to write (full disk), so what runs for days writes its
  /// files this way.
  static Hdf5File create_in_memory(const std::string& name);
  std::string image();  ///< the file's bytes

  Hdf5File(Hdf5File&& other) noexcept;
  Hdf5File& operator=(Hdf5File&& other) noexcept;
  ~Hdf5File();

  /// Writes what is buffered; call it after writing, for only here is a full disk noticed.
  void close();

  const std::string& path() const noexcept { return path_; }
  bool has(const std::string& object) const;
  std::vector<std::string> children(const std::string& group) const;  ///< names, sorted
  DatasetInfo info(const std::string& dataset) const;

  /// Byte at which the values begin in the file, if they lie there as they do in memory:
  /// contiguous, unfiltered, in this machine's byte order. Empty datasets have offset 0.
  std::optional<std::int64_t> mappable_offset(const std::string& dataset) const;

  // --- numbers of any type, and bool: converted between the file's type and T by HDF5 ---
  template <class T>
  std::vector<T> read(const std::string& dataset) const {
    const auto n = static_cast<std::size_t>(n_elements(info(dataset).shape));
    std::vector<T> values;
    reserve_huge(values, n);
    values.resize(n);
    read_numbers(dataset, element_type<T>(), values.data(), {}, {});
    return values;
  }
  /// The block of extents `count` that begins at `start`, into out [product of count].
  template <class T>
  void read_slab(const std::string& dataset, const Shape& start, const Shape& count, T* out) const {
    read_numbers(dataset, element_type<T>(), out, start, count);
  }
  /// A dataset whose values write_slab() fills in; unwritten values are undefined.
  void create_dataset(const std::string& dataset, ElementType type, const Shape& shape,
                      const Storage& storage = {});
  template <class T>
  void write(const std::string& dataset, const T* values, const Shape& shape,
             const Storage& storage = {}) {
    create_dataset(dataset, element_type<T>(), shape, storage);
    write_numbers(dataset, element_type<T>(), values, {}, {});
  }
  template <class T>
  void write(const std::string& dataset, const std::vector<T>& values, const Shape& shape,
             const Storage& storage = {}) {
    check(n_elements(shape) == static_cast<std::int64_t>(values.size()), "{}: shape and values",
          dataset);
    write(dataset, values.data(), shape, storage);
  }
  template <class T>
  void write_slab(const std::string& dataset, const Shape& start, const Shape& count,
                  const T* values) {
    write_numbers(dataset, element_type<T>(), values, start, count);
  }

  /// Writes a dataset row by row along the first extent. A chunk of `storage` holds whole rows, and
  /// deflate is not 0.
  template <class T>
  void write_rows(const std::string& dataset, const RowSource<T>& rows, const Shape& shape,
                  const Storage& storage) {
    create_dataset(dataset, element_type<T>(), shape, storage);
    write_all_rows(dataset, rows);
  }

  // --- 1-D arrays of fixed-length strings ---
  std::vector<std::string> read_strings(const std::string& dataset) const;
  void write_strings(const std::string& dataset, const std::vector<std::string>& values);

  // --- groups and attributes; `object` is a group or a dataset ("/" = the file) ---
  void remove(const std::string& object);  ///< its space in the file is not given back
  std::vector<std::string> attributes(const std::string& object) const;  ///< names, sorted
  /// nullopt if there is none; DataError if it is of another kind.
  std::optional<std::string> text_attribute(const std::string& object,
                                            const std::string& name) const;
  std::optional<std::int64_t> int_attribute(const std::string& object,
                                            const std::string& name) const;
  std::optional<double> double_attribute(const std::string& object, const std::string& name) const;
  /// Sets or replaces.
  void set_attribute(const std::string& object, const std::string& name, const std::string& value);
  void set_attribute(const std::string& object, const std::string& name, std::int64_t value);
  void set_attribute(const std::string& object, const std::string& name, double value);

  // --- tables: chunked, compressed, columns of one length ---
  void write_table(const std::string& dataset, const Table& table);
  void write_table(const std::string& dataset, std::size_t n_rows,
                   const std::vector<ColumnSource>& columns);
  std::vector<std::string> columns(const std::string& dataset) const;
  /// The named columns, or all; integers of other widths come as int64, floats as double.
  Table read_table(const std::string& dataset, const std::vector<std::string>& names = {}) const;

  // --- dimension scales (what xarray reads) ---
  void make_scale(const std::string& dataset, const std::string& name);
  void attach_scale(const std::string& dataset, int dimension, const std::string& scale);

 private:
  Hdf5File(std::string path, std::int64_t id) : path_(std::move(path)), id_(id) {}

  // Empty start and count = the whole dataset.
  void read_numbers(const std::string& dataset, ElementType type, void* out, const Shape& start,
                    const Shape& count) const;
  void write_numbers(const std::string& dataset, ElementType type, const void* values,
                     const Shape& start, const Shape& count);
  void write_all_rows(const std::string& dataset, const RowSource<void>& rows);

  std::string path_;
  std::int64_t id_;  ///< HDF5's file handle
  std::shared_ptr<void>
      reading_;  ///< held while a file is open() for reading: see contain_hdf5_crashes()
};

/// HDF5 1.10 itself crashes on some damaged files. From this call on, a crash of the process while
/// a file is open() is one line, "FILE: is damaged ...", and exit code 3. Programs call this;
/// fuzzers do not, since they have to see the crash.
void contain_hdf5_crashes();

/// "1.10.8": the HDF5 library in use.
std::string hdf5_version();

}  // namespace al_mpi
