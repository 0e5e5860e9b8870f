#include <string_view>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/io/mapped_file.hpp>

using namespace al_mpi;

namespace {

std::string_view text_of(const MappedFile& mapped) {
  return {static_cast<const char*>(mapped.data()), static_cast<std::size_t>(mapped.size())};
}

}  // namespace

TEST_CASE("any range of a file can be mapped, also across a page boundary") {
  const ScratchFolder folder;
  const auto path = folder.file("a.bin");
  std::string contents(10000, '.');
  contents.replace(4094, 4, "page");
  write_file_atomically(path, contents);
  CHECK(text_of(*MappedFile::map(path, 4094, 4)) == "page");
  CHECK(text_of(*MappedFile::map(path)) == contents);
  CHECK(MappedFile::map(path, 10000, 0)->data() == nullptr);
}

TEST_CASE("a mapping outlives the name of its file") {
  const ScratchFolder folder;
  const auto path = folder.file("a.bin");
  write_file_atomically(path, "kept");
  const auto mapped = MappedFile::map(path);
  std::filesystem::remove(path);
  CHECK(text_of(*mapped) == "kept");
}

TEST_CASE("missing and too short files are refused") {
  const ScratchFolder folder;
  const auto path = folder.file("a.bin");
  CHECK_THROWS_WITH(MappedFile::map(path), Contains("no such file"));
  write_file_atomically(path, "12345");
  CHECK_THROWS_WITH(MappedFile::map(path, 2, 4),
                    Contains("truncated file (5 bytes, 4 expected from byte 2 on"));
  CHECK_THROWS_AS(MappedFile::map(path, 1, std::int64_t{1} << 62), DataError);
  CHECK_THROWS_WITH(MappedFile::map(folder.path().string()), Contains("not a file"));
}
