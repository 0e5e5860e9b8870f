#include <cmath>
#include <csignal>
#include <fstream>
#include <limits>

#include <sys/resource.h>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/io/hdf5.hpp>
#include <al_mpi/io/mapped_file.hpp>

using namespace al_mpi;

namespace {

void make_file(const std::string& path) {
  auto file = Hdf5File::create(path);
  file.write<std::uint16_t>("/train/images", {1, 2, 3, 65535, 5, 6}, {2, 3});
  file.write_strings("/classes", {"Forest", "", "SeaLake"});
  file.set_attribute("/", "format", std::string("test"));
  file.close();
}

void cut(const std::string& path, std::size_t size) {
  std::filesystem::resize_file(path, size);
}

}  // namespace

TEST_CASE("numbers of every type survive the file") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  {
    auto file = Hdf5File::create(path);
    file.write<std::uint8_t>("/u8", {0, 255}, {2});
    file.write<std::int16_t>("/i16", {-32768, 32767}, {2, 1});
    file.write<std::int32_t>("/i32", {-7, 7}, {2});
    file.write<std::int64_t>("/deep/er/i64", {std::numeric_limits<std::int64_t>::min(), 1}, {2});
    file.write<float>("/f32", {1.5f, std::nanf("")}, {1, 2});
    file.write<double>("/f64", {0.1, -0.0}, {2});
    file.write<float>("/empty", std::vector<float>{}, {0, 4});
    file.close();
  }
  const auto file = Hdf5File::open(path);
  CHECK(file.read<std::uint8_t>("/u8") == std::vector<std::uint8_t>{0, 255});
  CHECK(file.read<std::int16_t>("/i16") == std::vector<std::int16_t>{-32768, 32767});
  CHECK(file.read<std::int64_t>("/i32") == std::vector<std::int64_t>{-7, 7});
  CHECK(file.read<std::int64_t>("/deep/er/i64")[0] == std::numeric_limits<std::int64_t>::min());
  CHECK(std::isnan(file.read<float>("/f32")[1]));
  CHECK(file.read<double>("/f64")[0] == 0.1);
  CHECK(file.read<float>("/empty").empty());
  CHECK(file.info("/i16").type == ElementType::int16);
  CHECK(file.info("/empty").shape == Shape{0, 4});
  CHECK(file.children("/deep") == std::vector<std::string>{"er"});
  CHECK(file.has("/deep/er/i64"));
  CHECK_FALSE(file.has("/deep/no/i64"));
}

TEST_CASE("a dataset filled slab by slab can be mapped into memory where the file says") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  {
    auto file = Hdf5File::create(path);
    file.create_dataset("/images", ElementType::uint16, {3, 2, 2});
    for (std::int64_t i = 2; i >= 0; --i) {
      const std::vector<std::uint16_t> image(4, static_cast<std::uint16_t>(10 + i));
      file.write_slab("/images", {i, 0, 0}, {1, 2, 2}, image.data());
    }
    file.write<float>("/packed", std::vector<float>(100, 1.0f), {100}, {{10}, 4});
    file.close();
  }
  const auto file = Hdf5File::open(path);
  const auto offset = file.mappable_offset("/images");
  REQUIRE(offset.has_value());
  const auto mapped = MappedFile::map(path, *offset, 3 * 4 * 2);
  const auto* pixels = static_cast<const std::uint16_t*>(mapped->data());
  CHECK(pixels[0] == 10);
  CHECK(pixels[4] == 11);
  CHECK(pixels[11] == 12);
  std::vector<std::int32_t> part(2);
  file.read_slab("/images", {1, 1, 0}, {1, 1, 2}, part.data());
  CHECK(part == std::vector<std::int32_t>{11, 11});
  CHECK_FALSE(file.mappable_offset("/packed").has_value());  // compressed
}

TEST_CASE("strings and attributes survive the file, long ones too") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  const std::string yaml(200000, 'y');  // beyond the 64 KiB of a fixed-length attribute
  make_file(path);
  {
    auto file = Hdf5File::edit(path);
    file.set_attribute("/", "config", yaml);
    file.set_attribute("/train/images", "n", std::int64_t{7});
    file.set_attribute("/train/images", "n", std::int64_t{8});
    file.set_attribute("/", "share", 0.25);
    file.set_attribute("/", "place", std::string("Zürich"));
    file.close();
  }
  const auto file = Hdf5File::open(path);
  CHECK(file.read_strings("/classes") == std::vector<std::string>{"Forest", "", "SeaLake"});
  CHECK(file.text_attribute("/", "config") == yaml);
  CHECK(file.text_attribute("/", "place") == "Zürich");
  CHECK(file.int_attribute("/train/images", "n") == 8);
  CHECK(file.double_attribute("/", "share") == 0.25);
  CHECK_FALSE(file.text_attribute("/", "absent").has_value());
  CHECK_THROWS_WITH(file.int_attribute("/", "format"),
                    Contains("@format: expected one whole number"));
  CHECK(file.attributes("/") == std::vector<std::string>{"config", "format", "place", "share"});
}

TEST_CASE("a table is written and read column by column") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  const int n = 20000;  // more than one block
  std::vector<std::int32_t> trial;
  std::vector<double> accuracy;
  std::vector<std::string> strategy;
  for (int i = 0; i < n; ++i) {
    trial.push_back(i);
    accuracy.push_back(i / 7.0);
    strategy.push_back(i % 3 == 0 ? "bald" : "margin_sampling");
  }
  {
    auto file = Hdf5File::create(path);
    file.write_table("/rounds", {{"trial", trial}, {"strategy", strategy}, {"accuracy", accuracy}});
    file.write_table("/none", {{"seed", std::vector<std::int64_t>{}}});
    file.close();
  }
  const auto file = Hdf5File::open(path);
  CHECK(file.columns("/rounds") == std::vector<std::string>{"trial", "strategy", "accuracy"});
  const Table table = file.read_table("/rounds");
  CHECK(std::get<std::vector<std::int32_t>>(table[0].values) == trial);
  CHECK(std::get<std::vector<std::string>>(table[1].values) == strategy);
  const Table one = file.read_table("/rounds", {"accuracy"});
  REQUIRE(one.size() == 1);
  CHECK(std::get<std::vector<double>>(one[0].values) == accuracy);
  CHECK(std::get<std::vector<std::int64_t>>(file.read_table("/none")[0].values).empty());
  CHECK_THROWS_WITH(file.read_table("/rounds", {"f1"}), Contains("column 'f1' is missing"));
  CHECK(std::filesystem::file_size(path) < 200000);  // compressed; 20000 rows of 27 bytes
}

TEST_CASE("rows that are made while they are written lie as whole columns do") {
  const ScratchFolder folder;
  const std::size_t n = 20000;  // three chunks, the last one partly
  std::vector<std::int32_t> numbers(n);
  std::vector<std::string> texts(n);
  std::vector<std::int64_t> cells(2 * n);
  for (std::size_t i = 0; i < n; ++i) {
    numbers[i] = static_cast<std::int32_t>(i * i);
    texts[i] = std::string(i % 5, 'x');
    cells[2 * i] = numbers[i];
    cells[2 * i + 1] = static_cast<std::int64_t>(i);
  }
  const Shape shape = {static_cast<std::int64_t>(n), 2};
  const Storage storage = {{3000, 2}, 1};
  {
    auto file = Hdf5File::create(folder.file("a.h5"));
    file.write_table("/whole", {{"number", numbers}, {"text", texts}});
    file.write_table("/made", n,
                     {{"number", each_row<std::int32_t>([&](std::size_t i) { return numbers[i]; })},
                      {"text", each_text(4, [&](std::size_t i) { return texts[i]; }), 4}});
    file.write("/whole_cells", cells, shape, storage);
    std::size_t asked = 0;
    const auto rows = [&](std::size_t first, std::size_t count) -> const std::int64_t* {
      CHECK(first == asked);
      asked += count;
      return cells.data() + 2 * first;
    };
    file.write_rows<std::int64_t>("/made_cells", rows, shape, storage);
    CHECK(asked == n);
    CHECK_THROWS_WITH(file.write_rows<std::int64_t>("/contiguous", rows, shape, {}),
                      Contains("rows in no packed chunks"));
    file.close();
  }
  const auto file = Hdf5File::open(folder.file("a.h5"));
  const Table whole = file.read_table("/whole"), made = file.read_table("/made");
  CHECK(made[0].values == whole[0].values);
  CHECK(made[1].values == whole[1].values);
  CHECK(std::get<std::vector<std::string>>(made[1].values) == texts);
  CHECK(file.read<std::int64_t>("/made_cells") == cells);
}

TEST_CASE("a file in memory neither reads nor changes the one of its name") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  for (const bool there : {false, true}) {
    if (there) std::ofstream(path) << "of somebody else";
    auto file = Hdf5File::create_in_memory(path);
    file.write_strings("/names", {"forest"});
    const std::string bytes = file.image();
    CHECK(std::filesystem::exists(path) == there);
    if (there) CHECK(folder.contents("a.h5") == "of somebody else");
    std::ofstream(folder.file("b.h5"), std::ios::binary) << bytes;
    CHECK(Hdf5File::open(folder.file("b.h5")).read_strings("/names").at(0) == "forest");
  }
}

TEST_CASE("dimension scales name the axes of an array") {
  const ScratchFolder folder;
  auto file = Hdf5File::create(folder.file("a.h5"));
  file.write<double>("/curves/accuracy", std::vector<double>(6, 0.5), {2, 3}, {{2, 3}, 4});
  file.write_strings("/curves/strategy", {"random_sampling", "bald_dropout"});
  file.make_scale("/curves/strategy", "strategy");
  file.attach_scale("/curves/accuracy", 0, "/curves/strategy");
  CHECK(file.attributes("/curves/accuracy") == std::vector<std::string>{"DIMENSION_LIST"});
  CHECK(file.text_attribute("/curves/strategy", "CLASS") == "DIMENSION_SCALE");
  CHECK_NOTHROW(file.close());
}

TEST_CASE("a file that cannot be opened is explained in one line") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  CHECK_THROWS_WITH(Hdf5File::open(path), path + ": no such file");
  CHECK_THROWS_WITH(Hdf5File::open(folder.path().string()), Contains("is a folder"));
  std::ofstream(path).close();
  CHECK_THROWS_WITH(Hdf5File::open(path), path + ": empty file");
  std::ofstream(path) << "II*\0 this is no HDF5 file";
  CHECK_THROWS_WITH(Hdf5File::open(path), path + ": not an HDF5 file");
  make_file(path);
  cut(path, std::filesystem::file_size(path) - 7);
  CHECK_THROWS_WITH(Hdf5File::open(path), Contains("truncated file"));
  CHECK_THROWS_AS(Hdf5File::create(folder.file("no/such/folder.h5")), DataError);
}

TEST_CASE("missing and mistyped objects are named") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  make_file(path);
  auto file = Hdf5File::open(path);
  CHECK_THROWS_WITH(file.read<float>("/test/images"),
                    path + ": /test/images: missing or damaged dataset");
  CHECK_THROWS_WITH(file.info("/train"), Contains("not a dataset"));
  CHECK_THROWS_WITH(file.read<float>("/classes"), Contains("expected numbers, found text"));
  CHECK_THROWS_WITH(file.read_strings("/train/images"), Contains("fixed-length strings"));
  CHECK_THROWS_WITH(file.read_table("/train/images"), Contains("expected a table"));
  CHECK_THROWS_AS(file.write_strings("/bands", {"B1"}), DataError);  // opened read-only
}

TEST_CASE(
    "a header that promises more than the file holds is refused before anything is allocated") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  const std::string text(0x1234567, 'x');  // a length that occurs once in the file
  {
    auto file = Hdf5File::create(path);
    file.set_attribute("/", "text", text);
    file.write<std::int64_t>("/plain", std::vector<std::int64_t>(0x4321, 7), {0x4321});
    file.write<std::int64_t>("/packed", std::vector<std::int64_t>(0x4567, 7), {0x4567},
                             {{1000}, 1});
    file.write_table("/table", {{"a", std::vector<std::int64_t>(0x5432, 7)}});
    file.write_strings("/names", std::vector<std::string>(0x6543, "abc"));
    file.close();
  }
  const auto stored = [](std::uint64_t number, std::size_t size) {  // extents are 64-bit numbers
    return std::string(reinterpret_cast<const char*>(&number), size);
  };
  // Opens the file with 0x7f in the fourth byte of each `searched`.
  const auto damaged = [&](const std::string& searched) {
    std::ifstream whole(path, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(whole)), {});
    int n = 0;
    for (auto at = bytes.find(searched); at != std::string::npos;
         at = bytes.find(searched, at + 1), ++n) {
      bytes[at + 3] = 0x7f;
    }
    CHECK(n > 0);
    std::ofstream(folder.file("damaged.h5"), std::ios::binary) << bytes;
    return Hdf5File::open(folder.file("damaged.h5"));
  };
  CHECK(Hdf5File::open(path).text_attribute("/", "text") == text);
  for (const std::string& place :
       {stored(0x1234567, 4), stored(0x1234567, 8), std::string("GCOL")}) {
    CHECK_THROWS_WITH(damaged(place).text_attribute("/", "text"), Contains("@text: is damaged"));
  }
  // HDF5 1.14 refuses to open these two, which lie in one piece; 1.10 leaves them to us.
  CHECK_THROWS_WITH(damaged(stored(0x4321, 8)).read<std::int64_t>("/plain"),
                    Contains("/plain: ") && Contains("damaged"));
  CHECK_THROWS_WITH(damaged(stored(0x4567, 8)).info("/packed"), Contains("/packed: is damaged"));
  CHECK_THROWS_WITH(damaged(stored(0x5432, 8)).read_table("/table"),
                    Contains("/table: is damaged"));
  CHECK_THROWS_WITH(damaged(stored(0x6543, 8)).read_strings("/names"),
                    Contains("/names: ") && Contains("damaged"));
}

TEST_CASE("a file that cannot grow any more is an error, not a crash") {
  // A limit on the file size stands in for a full disk.
  const ScratchFolder folder;
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1 << 20, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto write = [&] {
    auto file = Hdf5File::create(folder.file("big.h5"));
    file.write<double>("/values", std::vector<double>(1 << 18, 1.0), {1 << 18});
    file.close();
  };
  CHECK_THROWS_WITH(write(), Contains("big.h5"));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
}
