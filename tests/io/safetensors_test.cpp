#include <al_mpi/io/safetensors.hpp>

#include <cstring>
#include <fstream>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

namespace {

/// A file of one array "a" of 8 bytes.
SafetensorsFile file_with(const ScratchFolder& folder, const std::string& shape,
                          const std::string& offsets) {
  const std::string header =
      R"({"a":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  const std::uint64_t size = header.size();
  char length[8];
  std::memcpy(length, &size, sizeof length);
  const std::string path = folder.file("a.safetensors");
  std::ofstream(path, std::ios::binary).write(length, 8) << header << "12345678";
  return SafetensorsFile(path);
}

}  // namespace

TEST_CASE("an array of a safetensors file lies where its header says") {
  const ScratchFolder folder;
  const SafetensorsFile file = file_with(folder, "[1]", "[4,8]");
  const auto& array = file.tensors.at("a");
  CHECK(array.shape == std::vector<std::int64_t>{1});
  REQUIRE(array.bytes == 4);
  CHECK(std::string(static_cast<const char*>(array.data), 4) == "5678");
}

TEST_CASE("offsets and extents that are no whole numbers, or too large, are refused") {
  const ScratchFolder folder;
  for (const char* bad : {"[1.5,8]", "[0,1e300]", "[-1,8]", "[0,9]", "[8,4]", "[true,8]", "[0]",
                          "[0,18446744073709551615]", "\"08\""}) {
    INFO(bad);
    CHECK_THROWS_AS(file_with(folder, "[2]", bad), DataError);
  }
  for (const char* bad : {"[2.0]", "[1e300]", "[-2]", "2.5", "[\"2\"]"}) {
    INFO(bad);
    CHECK_THROWS_AS(file_with(folder, bad, "[0,8]"), DataError);
  }
}
