#include <al_mpi/io/npy_file.hpp>

#include <cstring>
#include <map>
#include <regex>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

/// The header is a Python dict: {'descr': '<f4', 'fortran_order': False, 'shape': (926, 512), }.
class NpyReader {
 public:
  explicit NpyReader(const std::string& path) : path_(path), mapping_(MappedFile::map(path)) {}

  StoredArray read() {
    const std::string header = find_header();
    StoredArray array;
    array.mapping = mapping_;
    array.dtype = dtype(field(header, "'descr'\\s*:\\s*'([^']*)'"));
    const std::string extents = field(header, "'shape'\\s*:\\s*\\(([0-9, ]*)\\)");
    const std::regex number("[0-9]+");
    for (std::sregex_iterator it(extents.begin(), extents.end(), number), end; it != end; ++it) {
      array.shape.push_back(it->length() < 16 ? std::stoll(it->str()) : -1);
    }
    const bool fortran = field(header, "'fortran_order'\\s*:\\s*(True|False)") == "True";
    const std::int64_t size = bounded_size(array.shape);
    const std::int64_t bytes = mapping_->size() - values_begin_;
    if (size < 0 || size * bytes_of_dtype(array.dtype) != bytes) {
      fail(
          fmt::format("holds {} bytes of values, but its header says {} numbers of {} (truncated?)",
                      bytes, size, array.dtype));
    }
    array.strides = row_major_strides(array.shape);
    if (fortran) {
      const auto reversed = row_major_strides({array.shape.rbegin(), array.shape.rend()});
      array.strides.assign(reversed.rbegin(), reversed.rend());
    }
    array.data = static_cast<const char*>(mapping_->data()) + values_begin_;
    return array;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const { throw DataError(path_, "", problem); }

  std::string find_header() {
    constexpr char magic[] = "\x93NUMPY";
    const auto* bytes = static_cast<const char*>(mapping_->data());
    if (mapping_->size() < 12 || std::memcmp(bytes, magic, 6) != 0) fail("is no .npy file");
    const int version = bytes[6];
    if (version < 1 || version > 3) fail(fmt::format(".npy version {} is not known", version));
    std::uint32_t length = 0;
    std::memcpy(&length, bytes + 8, version == 1 ? 2 : 4);  // little-endian, as this machine
    const std::int64_t begin = version == 1 ? 10 : 12;
    values_begin_ = begin + length;
    if (values_begin_ > mapping_->size() || length > 65536) fail("its header is damaged");
    return {bytes + begin, length};
  }

  std::string field(const std::string& header, const std::string& pattern) const {
    std::smatch match;
    if (!std::regex_search(header, match, std::regex(pattern))) {
      fail("does not hold plain numbers, or its header is damaged");
    }
    return match[1];
  }

  std::string dtype(const std::string& descr) const {
    static const std::map<std::string, std::string> names = {
        {"b1", "bool"},    {"u1", "uint8"},   {"i1", "int8"},   {"u2", "uint16"},
        {"i2", "int16"},   {"f2", "float16"}, {"u4", "uint32"}, {"i4", "int32"},
        {"f4", "float32"}, {"u8", "uint64"},  {"i8", "int64"},  {"f8", "float64"}};
    const auto found = names.find(descr.empty() ? "" : descr.substr(1));
    if (found == names.end()) fail(fmt::format("holds '{}' (expected numbers)", descr));
    if (descr[0] == '>') {
      fail("holds big-endian numbers; convert it: a.astype(a.dtype.newbyteorder('<'))");
    }
    return found->second;
  }

  std::string path_;
  std::shared_ptr<const MappedFile> mapping_;
  std::int64_t values_begin_ = 0;
};

}  // namespace

StoredArray read_npy(const std::string& path) {
  return NpyReader(path).read();
}

}  // namespace al_mpi
