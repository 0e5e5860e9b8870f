#include <al_mpi/io/zip_file.hpp>

#include <algorithm>
#include <array>

#include <minizip/unzip.h>
#include <zlib.h>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

struct CloseZip {
  void operator()(void* zip) const { unzClose(zip); }
};

/// "archive/data/0" -> "data/0": torch.save puts all records into one folder.
std::string without_folder(const std::string& name) {
  const auto slash = name.find('/');
  return slash == std::string::npos ? name : name.substr(slash + 1);
}

}  // namespace

ZipFile::ZipFile(const std::string& path) : path_(path), mapping_(MappedFile::map(path)) {
  const auto require = [&](bool holds, const char* problem) {
    if (!holds) throw DataError(path, "", problem);
  };
  const std::unique_ptr<void, CloseZip> zip(unzOpen64(path.c_str()));
  require(zip != nullptr, "is no whole zip file (truncated?)");
  const auto* begin = static_cast<const char*>(mapping_->data());
  int state = unzGoToFirstFile(zip.get());
  for (; state == UNZ_OK; state = unzGoToNextFile(zip.get())) {
    unz_file_info64 info;
    std::array<char, 512> name{};
    require(unzGetCurrentFileInfo64(zip.get(), &info, name.data(), name.size() - 1, nullptr, 0,
                                    nullptr, 0) == UNZ_OK,
            "its directory is damaged");
    int method = 0, level = 0;
    require(unzOpenCurrentFile2(zip.get(), &method, &level, /*raw=*/1) == UNZ_OK,
            "its directory is damaged");
    const auto first = unzGetCurrentFileZStreamPos64(zip.get());
    unzCloseCurrentFile(zip.get());
    const auto end = static_cast<std::uint64_t>(mapping_->size());
    require(first <= end && info.compressed_size <= end - first, "is truncated");
    const bool plain = info.compression_method == 0 && (info.flag & 1) == 0 &&
                       info.compressed_size == info.uncompressed_size;
    records_[without_folder(name.data())] = {begin + first,
                                             static_cast<std::int64_t>(info.uncompressed_size),
                                             static_cast<std::uint32_t>(info.crc), plain};
  }
  require(state == UNZ_END_OF_LIST_OF_FILE, "its directory is damaged");
}

const ZipFile::Record& ZipFile::at(const std::string& name) const {
  const auto found = records_.find(name);
  if (found == records_.end()) throw DataError(path_, name, "is missing (not made by torch.save?)");
  const Record& record = found->second;
  if (!record.plain) {
    throw DataError(path_, name, "is compressed or encrypted (torch.save's records are neither)");
  }
  const auto* bytes = static_cast<const Bytef*>(record.data);
  uLong crc = 0;
  for (std::int64_t i = 0; i < record.bytes;) {
    const std::int64_t n = std::min<std::int64_t>(record.bytes - i, 1 << 30);
    crc = crc32(crc, bytes + i, static_cast<uInt>(n));
    i += n;
  }
  if (crc != record.crc) throw DataError(path_, name, "its checksum is wrong (damaged)");
  return record;
}

}  // namespace al_mpi
