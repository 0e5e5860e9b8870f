#include <cstdlib>
#include <fstream>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/io/npy_file.hpp>
#include <al_mpi/io/torch_file.hpp>

using namespace al_mpi;
using Numbers = std::vector<std::int64_t>;

namespace {

/// The folder that arrays.py filled; nullptr, with a word on the console, where Python lacks torch.
const ScratchFolder* arrays() {
  static const ScratchFolder folder;
  static const bool written = [] {
    const std::string script = std::string(AL_TEST_DATA) + "/../io/arrays.py";
    return std::system(("/usr/bin/python3 " + script + " " + folder.path().string() + " 2>" +
                        folder.file("errors.txt"))
                           .c_str()) == 0;
  }();
  if (!written) WARN("skipped: /usr/bin/python3 has no torch");
  return written ? &folder : nullptr;
}

float at(const StoredArray& array, const Numbers& place) {
  std::int64_t offset = 0;
  for (std::size_t d = 0; d < place.size(); ++d) offset += place[d] * array.strides[d];
  return static_cast<const float*>(array.data)[offset];
}

std::string cut(const ScratchFolder& from, const ScratchFolder& to, const std::string& name) {
  const std::string bytes = from.contents(name);
  std::ofstream(to.file(name), std::ios::binary) << bytes.substr(0, bytes.size() * 2 / 3);
  return to.file(name);
}

}  // namespace

TEST_CASE(".npy files are mapped in C and Fortran order") {
  const ScratchFolder* folder = arrays();
  if (folder == nullptr) return;
  for (const char* file : {"c.npy", "fortran.npy"}) {
    const StoredArray array = read_npy(folder->file(file));
    CHECK(array.dtype == "float32");
    CHECK(array.shape == Numbers{2, 3, 4});
    CHECK(at(array, {1, 2, 3}) == 23);
    CHECK(at(array, {1, 0, 2}) == 14);
    CHECK((array.strides == row_major_strides(array.shape)) == (std::string(file) == "c.npy"));
  }
  const StoredArray whole_numbers = read_npy(folder->file("int64.npy"));
  CHECK(whole_numbers.dtype == "int64");
  CHECK(static_cast<const std::int64_t*>(whole_numbers.data)[2] == 2);
  CHECK(read_npy(folder->file("scalar.npy")).size() == 1);
}

TEST_CASE(".npy files of other things are refused") {
  const ScratchFolder* folder = arrays();
  if (folder == nullptr) return;
  const ScratchFolder scratch;
  CHECK_THROWS_WITH(read_npy(folder->file("big_endian.npy")), Contains("big-endian"));
  CHECK_THROWS_WITH(read_npy(folder->file("objects.npy")), Contains("expected numbers"));
  CHECK_THROWS_WITH(read_npy(folder->file("complex.npy")), Contains("c8"));
  CHECK_THROWS_WITH(read_npy(folder->file("alone.pt")), Contains("no .npy file"));
  CHECK_THROWS_WITH(read_npy(cut(*folder, scratch, "c.npy")), Contains("truncated"));
  CHECK_THROWS_AS(read_npy(folder->file("none.npy")), DataError);
  std::string bytes = folder->contents("c.npy");
  const auto shape = bytes.find("(2, 3, 4)");
  bytes.replace(shape, 9, "(9, 9999999999999999999, 9)");
  std::ofstream(scratch.file("huge.npy"), std::ios::binary) << bytes;
  CHECK_THROWS_AS(read_npy(scratch.file("huge.npy")), DataError);
}

TEST_CASE("tensors of torch.save are found wherever they are, and mapped") {
  const ScratchFolder* folder = arrays();
  if (folder == nullptr) return;
  for (const char* file : {"alone.pt", "protocol4.pt"}) {
    INFO(file);
    const auto alone = TorchFile(folder->file(file)).tensors;
    REQUIRE(alone.size() == 1);
    CHECK(alone.at("").dtype == "float32");
    CHECK(alone.at("").shape == Numbers{2, 3, 4});
    CHECK(at(alone.at(""), {1, 2, 3}) == 23);
  }
  const auto view = TorchFile(folder->file("view.pt")).tensors.at("");
  CHECK(view.shape == Numbers{3, 2, 3});
  CHECK(at(view, {0, 1, 2}) == 21);  // [2, 3, 4] at (1, 2, 1)
  CHECK(view.strides != row_major_strides(view.shape));
  const auto nested = TorchFile(folder->file("nested.pt")).tensors;
  REQUIRE(nested.size() == 3);
  CHECK(at(nested.at("a/b/0"), {1, 2, 3}) == 23);
  CHECK(nested.at("a/b/1").dtype == "int64");
  CHECK(at(nested.at("5"), {}) == 1.5f);
  CHECK(TorchFile(folder->file("sparse.pt")).tensors.count("dense") == 1);
}

TEST_CASE("files that are none of torch.save, or lie about themselves, are refused") {
  const ScratchFolder* folder = arrays();
  if (folder == nullptr) return;
  const ScratchFolder scratch;
  const auto read = [&](const char* file) { return TorchFile(folder->file(file)); };
  CHECK_THROWS_WITH(read("legacy.pt"), Contains("legacy format") && Contains("python3 -c"));
  CHECK_THROWS_WITH(read("too_large.pt"), Contains("beyond its values"));
  CHECK_THROWS_WITH(read("negative.pt"), Contains("beyond its values"));
  CHECK_THROWS_WITH(read("compressed.pt"), Contains("compressed"));
  CHECK_THROWS_WITH(read("foreign.pt"), Contains("data.pkl"));
  CHECK_THROWS_WITH(read("bad_pickle.pt"), Contains("damaged"));
  CHECK_THROWS_WITH(read("complex.pt"), Contains("Complex"));
  CHECK_THROWS_WITH(read("c.npy"), Contains("no file of torch.save"));
  CHECK_THROWS_AS(TorchFile(cut(*folder, scratch, "alone.pt")), DataError);
  std::string bytes = folder->contents("alone.pt");
  const auto values = bytes.find(std::string("\0\0\x80\x3f\0\0\0\x40", 8));  // 1.0f, 2.0f
  REQUIRE(values != std::string::npos);
  bytes[values] = 1;
  std::ofstream(scratch.file("flipped.pt"), std::ios::binary) << bytes;
  CHECK_THROWS_WITH(TorchFile(scratch.file("flipped.pt")), Contains("checksum"));
}

TEST_CASE("no byte of a pickle makes the reader fall over") {
  const ScratchFolder* folder = arrays();
  if (folder == nullptr) return;
  const ScratchFolder scratch;
  // Not through the zip's checksum: through every cut and every changed byte of the pickle itself
  // is the fuzz target's work; here each byte of a small file is flipped, whatever it means.
  const std::string whole = folder->contents("alone.pt");
  int refused = 0;
  for (std::size_t i = 0; i < whole.size(); i += 3) {
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x55);
    std::ofstream(scratch.file("a.pt"), std::ios::binary) << bytes;
    try {
      TorchFile{scratch.file("a.pt")};
    } catch (const DataError&) {
      ++refused;
    }
  }
  CHECK(refused > 0);
}
