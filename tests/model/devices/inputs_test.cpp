#include <vector>

#include <ATen/ATen.h>

#include "catch.hpp"
#include "model/toy_dataset.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/model/inputs.hpp>

using namespace al_mpi;

namespace {

using MakeInputs = InputFn (*)(std::shared_ptr<const Dataset>, c10::Device);

/// Two images of two bands, 1 x 2 pixels: values 0..7 times `step`.
template <class Pixel>
at::Tensor gathered(PixelType type, double step, MakeInputs make = image_inputs) {
  std::vector<Pixel> pixels;
  for (int i = 0; i < 8; ++i) pixels.push_back(static_cast<Pixel>(i * step));
  const auto dataset = std::make_shared<ToyDataset>(ToyDataset::Sizes{2, 2, 1, 2});
  Split& split = dataset->splits["train"];
  split.images = pixels.data();
  split.pixel_type = type;
  split.width = 2;
  dataset->mean = {1.0f, 2.0f};
  dataset->std_dev = {2.0f, 4.0f};
  return make(dataset, c10::Device(c10::DeviceType::CPU))("train", {1, 0});
}

}  // namespace

TEST_CASE("batches are gathered and normalised for every pixel type") {
  // Image 1 comes first: band 0 holds values 4, 5 and band 1 holds 6, 7 (times the step); then
  // image 0.
  const auto expected = [](double step) {
    const at::Tensor raw =
        at::tensor({4.0, 5.0, 6.0, 7.0, 0.0, 1.0, 2.0, 3.0}).view({2, 2, 1, 2}) * step;
    const at::Tensor mean = at::tensor({1.0, 2.0}).view({1, 2, 1, 1});
    const at::Tensor scale = at::tensor({2.0, 4.0}).view({1, 2, 1, 1});
    return ((raw - mean) / scale).to(at::kFloat);
  };
  CHECK(at::allclose(gathered<std::uint8_t>(PixelType::uint8, 36), expected(36)));
  CHECK(at::allclose(gathered<std::uint16_t>(PixelType::uint16, 9000),
                     expected(9000)));  // 63000 > 32767
  CHECK(at::allclose(gathered<float>(PixelType::float32, -0.25), expected(-0.25)));
  CHECK(gathered<float>(PixelType::float32, 1).is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST_CASE("batches normalised on the device are those gathered from the file, bit for bit") {
  const auto agree = [](auto pixel, PixelType type, double step) {
    using Pixel = decltype(pixel);
    const at::Tensor there = gathered<Pixel>(type, step, resident_inputs);
    return at::equal(there, gathered<Pixel>(type, step)) &&
           there.is_contiguous(at::MemoryFormat::ChannelsLast);
  };
  CHECK(agree(std::uint8_t{}, PixelType::uint8, 36));
  CHECK(agree(std::uint16_t{}, PixelType::uint16, 9000));  // 63000 > 32767
  CHECK(agree(float{}, PixelType::float32, -0.25));
}

TEST_CASE("labels come in the order of the indices, one or a map a sample") {
  const auto dataset = toy_dataset({4, 2, 2, 3});
  Split& split = dataset->splits["train"];
  CHECK(at::equal(label_batch(split, {2, 0, 1}), at::tensor({2, 0, 1}, at::kLong)));
  std::vector<std::uint8_t> maps(16);
  for (std::size_t i = 0; i < 16; ++i) maps[i] = static_cast<std::uint8_t>(i);
  split.label_maps = maps.data();
  CHECK(at::equal(label_batch(split, {3, 1}),
                  at::tensor({12, 13, 14, 15, 4, 5, 6, 7}, at::kLong).view({2, 2, 2})));
}

TEST_CASE("a split that the dataset lacks is an error") {
  const auto inputs = image_inputs(toy_dataset(), c10::Device(c10::DeviceType::CPU));
  CHECK_THROWS_AS(inputs("validation", {0}), DataError);
}

TEST_CASE("copies of a sample are its pixels, gathered from the file and on the device") {
  const auto dataset = with_duplicates(toy_dataset({6, 2, 4, 3}), 3);
  const c10::Device cpu(c10::DeviceType::CPU);
  for (const MakeInputs make : {image_inputs, resident_inputs}) {
    const InputFn inputs = make(dataset, cpu);
    CHECK(inputs("train", {4, 10, 16}).equal(inputs("train", {4, 4, 4})));
    CHECK_FALSE(inputs("train", {4}).equal(inputs("train", {17})));
  }
}

TEST_CASE("images on a device are there once for all learners of a dataset, as long as it lives") {
  const auto dataset = toy_dataset({6, 2, 4, 3});
  const c10::Device cpu(c10::DeviceType::CPU);
  const Split& split = dataset->train();
  resident_inputs(dataset, cpu)("train", {0});
  REQUIRE(split.kept->size() == 1);
  const void* images = std::any_cast<at::Tensor>(split.kept->begin()->second).data_ptr();
  resident_inputs(with_duplicates(dataset, 2), cpu)("train", {7});
  REQUIRE(split.kept->size() == 1);
  CHECK(std::any_cast<at::Tensor>(split.kept->begin()->second).data_ptr() == images);
}
