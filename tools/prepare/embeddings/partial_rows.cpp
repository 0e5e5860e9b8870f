#include "tools/prepare/embeddings/partial_rows.hpp"

#include <filesystem>
#include <iterator>
#include <sstream>

#include <al_mpi/base/crash_point.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>

namespace al_mpi {
namespace {

/// The line before a record's bytes: split, first row, number of bytes and their checksum, as in
/// "train 64 8192 0123456789abcdef\n".
std::string header_of(const std::string& split, std::int64_t first, const std::string& bytes) {
  return fmt::format("{} {} {} {}\n", split, first, bytes.size(), to_hex(stable_hash(bytes)));
}

}  // namespace

PartialRows::PartialRows(const std::string& path, const std::string& settings) : path_(path) {
  const std::int64_t sound = read_old(settings);
  std::error_code error;
  if (sound > 0) std::filesystem::resize_file(path, static_cast<std::uintmax_t>(sound), error);
  out_.open(path, sound > 0 ? std::ios::binary | std::ios::app : std::ios::binary);
  if (sound == 0) out_ << settings << '\n' << std::flush;
  if (!out_ || error) throw DataError(path, "", "cannot be written");
}

std::int64_t PartialRows::read_old(const std::string& settings) {
  std::ifstream in(path_, std::ios::binary);
  std::string line;
  if (!std::getline(in, line) || line != settings) return 0;
  std::int64_t sound = in.tellg();
  const auto file_size = static_cast<std::int64_t>(std::filesystem::file_size(path_));
  while (std::getline(in, line)) {
    std::istringstream header(line);
    std::string split, hash;
    std::int64_t first = 0, n_bytes = -1;
    if (!(header >> split >> first >> n_bytes >> hash) || n_bytes < 0 || n_bytes > file_size) break;
    std::string bytes(static_cast<std::size_t>(n_bytes), '\0');
    if (!in.read(bytes.data(), n_bytes) || header_of(split, first, bytes) != line + '\n') break;
    const auto* values = reinterpret_cast<const float*>(bytes.data());
    records_[{split, first}].assign(values, values + bytes.size() / sizeof(float));
    sound = in.tellg();
  }
  return sound;
}

bool PartialRows::has(const std::string& split, std::int64_t first) const {
  return records_.count({split, first}) > 0;
}

const std::vector<float>& PartialRows::rows(const std::string& split, std::int64_t first) const {
  return records_.at({split, first});
}

void PartialRows::add(const std::string& split, std::int64_t first, std::vector<float> values) {
  const std::string bytes(reinterpret_cast<const char*>(values.data()),
                          values.size() * sizeof(float));
  out_ << header_of(split, first, bytes) << bytes << std::flush;
  if (!out_) throw DataError(path_, "", "could not be written (disk full?)");
  records_[{split, first}] = std::move(values);
  crash_point("rows.added");
}

void PartialRows::remove() {
  out_.close();
  std::filesystem::remove(path_);
}

}  // namespace al_mpi
