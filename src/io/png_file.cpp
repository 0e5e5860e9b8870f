#include <al_mpi/io/png_file.hpp>

#include <memory>

#include <libdeflate.h>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>((number >> shift) & 0xff);
  return bytes;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string covered = type + data;
  return big_endian(static_cast<std::uint32_t>(data.size())) + covered +
         big_endian(libdeflate_crc32(0, covered.data(), covered.size()));
}

std::string compressed(const std::string& raw) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(6), libdeflate_free_compressor);
  check(compressor != nullptr, "no compressor");
  std::string out(libdeflate_zlib_compress_bound(compressor.get(), raw.size()), '\0');
  const std::size_t size =
      libdeflate_zlib_compress(compressor.get(), raw.data(), raw.size(), out.data(), out.size());
  check(size > 0, "a picture of {} bytes was not compressed", raw.size());
  out.resize(size);
  return out;
}

}  // namespace

std::string png_bytes(const Picture& picture) {
  const auto row = static_cast<std::size_t>(3 * picture.width);
  check(picture.rgb.size() == row * static_cast<std::size_t>(picture.height), "size of a picture");
  std::string raw;
  raw.reserve(picture.rgb.size() + static_cast<std::size_t>(picture.height));
  for (std::size_t at = 0; at < picture.rgb.size(); at += row) {
    raw += '\1';  // each value is stored as the difference to the pixel on its left
    for (std::size_t i = 0; i < row; ++i) {
      const int left = i < 3 ? 0 : picture.rgb[at + i - 3];
      raw += static_cast<char>(picture.rgb[at + i] - left);
    }
  }
  std::string header = big_endian(static_cast<std::uint32_t>(picture.width)) +
                       big_endian(static_cast<std::uint32_t>(picture.height));
  header += std::string("\x08\x02\x00\x00\x00", 5);  // 8 bit, RGB, no interlacing
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", compressed(raw)) +
         chunk("IEND", "");
}

}  // namespace al_mpi
