#include "src/io/packed_chunks.hpp"

#include <fstream>
#include <numeric>

#include "catch.hpp"
#include "scratch_folder.hpp"

using namespace al_mpi;

namespace {

std::vector<std::int64_t> numbers(std::size_t n) {
  std::vector<std::int64_t> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<std::int64_t>(i * i) - 1000;
  return values;
}

/// A file by HDF5 alone: a dataset of packed chunks, its first chunk filled by `fill`.
template <class Fill>
void make_packed(const std::string& path, hid_t type, hsize_t n, const Fill& fill) {
  const std::string object = "/a";
  const Place place{path, object};
  const Handle file = place.own(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT),
                                "create the file");
  const Handle space = place.own(H5Screate_simple(1, &n, nullptr), "make a space");
  const Handle dataset = place.own(
      H5Dcreate2(file, "/a", type, space, H5P_DEFAULT,
                 creation_properties({{static_cast<std::int64_t>(n)}, 1}, place), H5P_DEFAULT),
      "create the dataset");
  REQUIRE(PackedChunks::of(dataset, place).has_value());
  fill(dataset);
}

}  // namespace

TEST_CASE("byte planes hold the first byte of every value, then the second") {
  BytePlanes planes{3, std::vector<std::uint8_t>(3 * 6)};
  const std::vector<std::int32_t> values = {0x04030201, 0x14131211};
  const std::string texts = "abcdef";  // three of two bytes
  planes.put(values.data(), 4, 2, 0);
  planes.put(texts.data(), 2, 3, 4);
  CHECK(planes.bytes == std::vector<std::uint8_t>{0x01, 0x11, 0, 0x02, 0x12, 0, 0x03, 0x13, 0, 0x04,
                                                  0x14, 0, 'a', 'c', 'e', 'b', 'd', 'f'});
  std::vector<std::int32_t> taken(2);
  std::string text(6, ' ');
  planes.take(taken.data(), 4, 2, 0);
  planes.take(text.data(), 2, 3, 4);
  CHECK(taken == values);
  CHECK(text == texts);
}

TEST_CASE("HDF5's filters read what was packed here, and the reverse") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  const std::size_t n = 1000 * 6;
  const auto values = numbers(n);
  const Shape shape = {1000, 2, 3}, origin = {0, 0, 0};
  const std::vector<Storage> layouts = {
      {{1000, 2, 3}, 1}, {{7, 2, 3}, 1}, {{7, 2, 3}, 0}, {{7, 2, 2}, 4}};  // the last two: HDF5's
  for (const Storage& storage : layouts) {
    {
      auto file = Hdf5File::create(path);
      file.write("/here", values, shape, storage);
      file.create_dataset("/hdf5", ElementType::int64, shape, storage);
      file.write_slab("/hdf5", origin, shape, values.data());
      file.close();
    }
    const auto file = Hdf5File::open(path);
    for (const std::string name : {"/here", "/hdf5"}) {
      CHECK(file.read<std::int64_t>(name) == values);
      std::vector<std::int64_t> slab(n);
      file.read_slab(name, origin, shape, slab.data());
      CHECK(slab == values);
      CHECK(file.read<std::int32_t>(name)[17] == 17 * 17 - 1000);  // converted
    }
  }
}

TEST_CASE(
    "a table's columns are read whether or not they are stored in the types they are read as") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  struct Row {
    std::int16_t narrow;
    double score;
    std::int32_t trial;
  };
  const std::vector<Row> rows = {{-3, 0.5, 7}, {4, 1.5, 8}};
  const Handle type(H5Tcreate(H5T_COMPOUND, sizeof(Row)));
  H5Tinsert(type, "narrow", HOFFSET(Row, narrow), H5T_NATIVE_INT16);
  H5Tinsert(type, "score", HOFFSET(Row, score), H5T_NATIVE_DOUBLE);
  H5Tinsert(type, "trial", HOFFSET(Row, trial), H5T_NATIVE_INT32);
  make_packed(path, type, 2, [&](hid_t dataset) {
    CHECK(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()) >= 0);
  });
  const auto file = Hdf5File::open(path);
  const Table all = file.read_table("/a"), some = file.read_table("/a", {"trial", "score"});
  CHECK(std::get<std::vector<std::int64_t>>(all[0].values) == std::vector<std::int64_t>{-3, 4});
  CHECK(std::get<std::vector<double>>(all[1].values) == std::vector<double>{0.5, 1.5});
  CHECK(std::get<std::vector<std::int32_t>>(some[0].values) == std::vector<std::int32_t>{7, 8});
  CHECK(std::get<std::vector<double>>(some[1].values) == std::vector<double>{0.5, 1.5});
}

TEST_CASE("a chunk whose filters were left out is read all the same") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  const auto values = numbers(100);
  make_packed(path, H5T_NATIVE_INT64, 100, [&](hid_t dataset) {
    const hsize_t begin = 0;
    CHECK(H5Dwrite_chunk(dataset, H5P_DEFAULT, 3, &begin, 800, values.data()) >= 0);
  });
  CHECK(Hdf5File::open(path).read<std::int64_t>("/a") == values);
}

TEST_CASE("a damaged chunk is an error") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  {
    auto file = Hdf5File::create(path);
    file.write("/numbers", numbers(5000), {5000}, {{1000}, 1});
    file.write_table("/table", {{"a", numbers(5000)}});
    file.close();
  }
  std::string bytes = folder.contents("a.h5");
  int n = 0;
  for (std::size_t at = 0; (at = bytes.find("\x78\x01", at)) != std::string::npos; at += 2, ++n) {
    bytes[at + 40] ^= 1;  // some way into the deflated bytes
  }
  CHECK(n >= 6);
  std::ofstream(path, std::ios::binary) << bytes;
  const auto file = Hdf5File::open(path);
  CHECK_THROWS_WITH(file.read<std::int64_t>("/numbers"), Contains("/numbers: could not read"));
  CHECK_THROWS_WITH(file.read_table("/table"), Contains("/table: could not read"));
}
