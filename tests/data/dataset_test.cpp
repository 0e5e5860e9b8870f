#include <cstring>
#include <limits>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/dataset.hpp>
#include <al_mpi/data/dataset_writer.hpp>
#include <al_mpi/io/hdf5.hpp>

using namespace al_mpi;

namespace {

/// A file of 4 + 2 images of 2 bands and 2 x 3 pixels: pixel value = 100 image + 10 band +
/// position.
void write_valid(const std::string& path, Task task = Task::classification) {
  DatasetDescription description;
  description.task = task;
  description.classes = {"Forest", "River", "SeaLake"};
  description.bands = {"B4", "B8"};
  description.height = 2;
  description.width = 3;
  description.ignore_label = task == Task::segmentation ? 0 : -1;
  description.source = "a test";
  description.licence = "MIT";
  const auto read = [](std::int64_t i, Sample& sample) {
    std::uint16_t pixels[12];
    for (int k = 0; k < 12; ++k) {
      pixels[k] = static_cast<std::uint16_t>(100 * i + 10 * (k / 6) + k % 6);
    }
    std::memcpy(sample.image.data(), pixels, sizeof pixels);
    sample.label = i % 3;
    for (std::size_t k = 0; k < sample.label_map.size(); ++k) {
      sample.label_map[k] = static_cast<std::uint8_t>(k % 3);
    }
    sample.name = fmt::format("tile_{}.tif", i);
  };
  write_dataset(path, description, {{"train", {4, read}}, {"test", {2, read}}});
}

template <class Edit>
std::string problem_after(Edit edit, Task task = Task::classification) {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  write_valid(path, task);
  {
    auto file = Hdf5File::edit(path);
    edit(file);
    file.close();
  }
  try {
    Dataset::open(path);
  } catch (const DataError& error) {
    CHECK(error.file() == path);
    return std::string(error.what()).substr(path.size() + 2);
  }
  return "no problem";
}

template <class T>
auto rewrite(const std::string& name, std::vector<T> values, Shape shape, Storage storage = {}) {
  return [=](Hdf5File& file) {
    if (file.has(name)) file.remove(name);
    file.write(name, values, shape, storage);
  };
}

}  // namespace

TEST_CASE("a dataset file is mapped as it was written") {
  const ScratchFolder folder;
  write_valid(folder.file("a.h5"));
  const auto dataset = Dataset::open(folder.file("a.h5"));
  CHECK(dataset->task == Task::classification);
  CHECK(dataset->classes == std::vector<std::string>{"Forest", "River", "SeaLake"});
  CHECK(dataset->licence == "MIT");
  const Split& train = dataset->train();
  CHECK(train.n == 4);
  CHECK(train.channels == 2);
  CHECK(train.height == 2);
  CHECK(train.width == 3);
  CHECK(train.labels == std::vector<std::int64_t>{0, 1, 2, 0});
  CHECK(train.names[3] == "tile_3.tif");
  const auto* image = static_cast<const std::uint16_t*>(train.image(3));
  CHECK(image[0] == 300);
  CHECK(image[11] == 315);
  CHECK(dataset->test().n == 2);
  // Over images 0..3: values 100 i + 0..5; mean 150 + 2.5, variance 100^2 * 1.25 + 35/12.
  CHECK(dataset->mean[0] == Approx(152.5));
  CHECK(dataset->mean[1] == Approx(162.5));
  CHECK(dataset->std_dev[0] == Approx(std::sqrt(12500.0 + 35.0 / 12.0)));
}

TEST_CASE("a file may say what each label of the pool costs") {
  const ScratchFolder folder;
  const std::string path = folder.file("a.h5");
  write_valid(path);
  const auto plain = Dataset::open(path);
  CHECK(plain->train().costs.empty());
  write_costs(path, {1, 2.5, 1, 7});
  const auto priced = Dataset::open(path);
  CHECK(priced->train().costs == std::vector<double>{1, 2.5, 1, 7});
  CHECK(priced->fingerprint() != plain->fingerprint());
  CHECK(priced->train().names == plain->train().names);
  write_costs(path, {1, 1, 1, 7});
  CHECK(Dataset::open(path)->fingerprint() != priced->fingerprint());
}

TEST_CASE("costs that are none are refused") {
  const auto problem = [](std::vector<double> costs) {
    const auto n = static_cast<std::int64_t>(costs.size());
    return problem_after(rewrite("/train/costs", std::move(costs), {n}));
  };
  CHECK(problem({1, 2, 3, 4}) == "no problem");
  CHECK(problem({1, 2, 3}) == "/train/costs: shape (3) (expected (4), what each label costs)");
  for (const double bad : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK_THAT(problem({1, 2, bad, 4}), Contains("/train/costs: the label of image 2 costs") &&
                                            Contains("(expected a finite number above 0)"));
  }
}

TEST_CASE("a segmentation file brings its label maps") {
  const ScratchFolder folder;
  write_valid(folder.file("a.h5"), Task::segmentation);
  const auto dataset = Dataset::open(folder.file("a.h5"));
  CHECK(dataset->ignore_label == 0);
  CHECK(dataset->train().labels.empty());
  CHECK(dataset->train().label_map(2)[4] == 1);
  CHECK_THROWS_AS(dataset->train().label_map(4), InternalError);
}

TEST_CASE("the fingerprint follows content, not the file's name") {
  const ScratchFolder folder;
  write_valid(folder.file("a.h5"));
  write_valid(folder.file("b.h5"));
  const auto print = Dataset::open(folder.file("a.h5"))->fingerprint();
  CHECK(print.size() == 16);
  CHECK(print == Dataset::open(folder.file("b.h5"))->fingerprint());
  {
    auto file = Hdf5File::edit(folder.file("b.h5"));
    const std::uint16_t other = 7;
    file.write_slab("/test/images", {1, 1, 1, 2}, {1, 1, 1, 1}, &other);
    file.close();
  }
  CHECK(print != Dataset::open(folder.file("b.h5"))->fingerprint());
}

TEST_CASE("every disagreement in a dataset file is one line that names the place") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto problem = [](auto edit) { return problem_after(edit); };
  CHECK(problem([](Hdf5File&) {}) == "no problem");
  CHECK_THAT(problem([](Hdf5File& f) { f.set_attribute("/", "format", std::string("x")); }),
             Contains("not a dataset file of al_mpi"));
  CHECK_THAT(problem([](Hdf5File& f) { f.set_attribute("/", "version", std::int64_t{2}); }),
             Contains("@version: 2 (this program reads version 1)"));
  CHECK_THAT(problem([](Hdf5File& f) { f.set_attribute("/", "task", std::string("x")); }),
             Contains("@task: 'x'"));
  CHECK_THAT(problem([](Hdf5File& f) { f.remove("/test"); }), Contains("/test: missing group"));
  CHECK_THAT(problem([](Hdf5File& f) { f.remove("/train/labels"); }),
             Contains("/train/labels: missing"));
  CHECK_THAT(problem(rewrite<float>("/normalization/mean", {1, nan}, {2})), Contains("not finite"));
  CHECK_THAT(problem(rewrite<float>("/normalization/std", {1, 0}, {2})), Contains("not positive"));
  CHECK_THAT(problem(rewrite<float>("/normalization/std", {1}, {1})),
             Contains("1 values for 2 bands"));
  CHECK_THAT(problem(rewrite<std::int64_t>("/train/labels", {0, 1, 2, 3}, {4})),
             Contains("/train/labels: label 3 of image 3 is outside 0..2"));
  CHECK_THAT(problem(rewrite<std::int64_t>("/train/labels", {0, -1, 2, 0}, {4})),
             Contains("label -1 of image 1"));
  CHECK_THAT(problem(rewrite<std::int64_t>("/train/labels", {0, 1}, {2})),
             Contains("shape (2) (expected (4)"));
  CHECK_THAT(problem(rewrite<float>("/train/labels", {0, 1, 2, 1.5f}, {4})),
             Contains("type float32 (expected whole numbers)"));
  CHECK_THAT(
      problem(rewrite<std::uint16_t>("/test/images", std::vector<std::uint16_t>(24), {2, 2, 6})),
      Contains("/test/images: shape (2, 2, 6) (expected N, C, H, W)"));
  CHECK_THAT(
      problem(rewrite<std::uint16_t>("/test/images", std::vector<std::uint16_t>(36), {2, 3, 2, 3})),
      Contains("3 channels, but /bands names 2"));
  CHECK_THAT(
      problem(rewrite<std::uint16_t>("/test/images", std::vector<std::uint16_t>(16), {2, 2, 2, 2})),
      Contains("2 x 2 pixels, but /train has uint16 images of 2 x 3"));
  CHECK_THAT(
      problem(rewrite<std::int32_t>("/test/images", std::vector<std::int32_t>(24), {2, 2, 2, 3})),
      Contains("type int32 (expected uint8, uint16 or float32)"));
  CHECK_THAT(problem(rewrite<std::uint16_t>("/test/images", {}, {0, 2, 2, 3})), Contains("empty"));
  CHECK_THAT(problem(rewrite<std::uint16_t>("/test/images", std::vector<std::uint16_t>(24),
                                            {2, 2, 2, 3}, {{1, 2, 2, 3}, 4})),
             Contains("not stored contiguously"));
  CHECK_THAT(problem(rewrite<float>("/train/embeddings/x", std::vector<float>(6), {3, 2})),
             Contains("/train/embeddings/x: shape (3, 2) (expected (4, D))"));
  CHECK_THAT(problem(rewrite<float>("/train/embeddings/x", {0, 1, nan, 3}, {4, 1})),
             Contains("the row of image 2 is not finite"));
  CHECK_THAT(problem([](Hdf5File& f) {
               f.remove("/classes");
               f.write_strings("/classes", {"Forest", "Forest", "River"});
             }),
             Contains("/classes: a class is named twice"));
  CHECK_THAT(problem([](Hdf5File& f) {
               f.remove("/train/names");
               f.write_strings("/train/names", {"one"});
             }),
             Contains("1 names for 4 images"));
}

TEST_CASE("label maps out of range, of another size or without any label are refused") {
  const auto problem = [](auto edit) { return problem_after(edit, Task::segmentation); };
  CHECK(problem([](Hdf5File&) {}) == "no problem");
  CHECK_THAT(problem(rewrite<std::uint8_t>("/test/labels", {0, 1, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0},
                                           {2, 2, 3})),
             Contains("/test/labels: label 3 in map 1 is outside 0..2"));
  CHECK_THAT(
      problem(rewrite<std::uint8_t>("/test/labels", std::vector<std::uint8_t>(12, 0), {2, 2, 3})),
      Contains("no labelled pixel"));
  CHECK_THAT(
      problem(rewrite<std::uint8_t>("/test/labels", std::vector<std::uint8_t>(6, 1), {1, 2, 3})),
      Contains("shape (1, 2, 3) (expected (2, 2, 3)"));
}

TEST_CASE("missing, truncated and foreign files are refused") {
  const ScratchFolder folder;
  const auto path = folder.file("a.h5");
  CHECK_THROWS_WITH(Dataset::open(path), path + ": no such file");
  write_valid(path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  CHECK_THROWS_WITH(Dataset::open(path), Contains("truncated file"));
  Hdf5File::create(path).close();
  CHECK_THROWS_WITH(Dataset::open(path), Contains("not a dataset file"));
}
