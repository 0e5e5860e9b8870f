// Regions of images instead of images: what a network says of them, and what it learns from them.

#include <ATen/ATen.h>

#include "catch.hpp"
#include "model/toy_dataset.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/band_statistics.hpp>
#include <al_mpi/model/learner.hpp>

using namespace al_mpi;

namespace {

constexpr std::int64_t tile = 32;

LearnerOptions unet_options(std::int64_t region) {
  LearnerOptions options;
  options.model.name = "unet_resnet18";
  options.training.epochs = 2;
  options.training.batch_size = 4;
  options.training.prediction_batch = 2;
  options.predictions.region = region;
  return options;
}

/// The regions of images [..., n, C, tile, tile] one by one: [..., n x regions, C, side, side].
at::Tensor cut(const at::Tensor& maps, std::int64_t side) {
  const std::int64_t b = maps.dim() - 4;
  std::vector<at::Tensor> regions;
  for (std::int64_t i = 0; i < maps.size(b); ++i) {
    for (std::int64_t y = 0; y < tile; y += side) {
      for (std::int64_t x = 0; x < tile; x += side) {
        regions.push_back(maps.select(b, i).narrow(-2, y, side).narrow(-1, x, side));
      }
    }
  }
  return at::stack(regions, b);
}

}  // namespace

TEST_CASE("probabilities of regions are cut out of their images' ones, in any order") {
  const auto dataset = patchwork(5, tile);
  const McBatchNorm batch_norm = GENERATE(McBatchNorm::frozen, McBatchNorm::batch);
  for (const std::int64_t side : {std::int64_t{16}, std::int64_t{8}}) {
    LearnerOptions options = unet_options(side);
    options.predictions.mc_batch_norm = batch_norm;
    options.predictions.mc_batch_size = 5;
    Learner of_regions(dataset, options, 1);
    options.predictions.region = 0;
    Learner of_images(dataset, options, 1);
    const auto regions = of_regions.predictions(1), images = of_images.predictions(1);
    const std::int64_t n = 5 * (tile / side) * (tile / side);
    const Indices all = range(0, n);
    const at::Tensor expected = cut(probabilities(*images, range(0, 5)), side);
    CHECK(at::equal(probabilities(*regions, all), expected));
    const Indices some = {3, 1, 2, 0, n - 1, 2, 5, 4};  // backwards, alone, and an image twice
    const at::Tensor rows = at::tensor(some);
    CHECK(at::allclose(probabilities(*regions, some), expected.index_select(0, rows), 1e-4, 1e-4));
    CHECK(probabilities(*regions, {}).size(0) == 0);

    const at::Tensor passes = mc_probabilities(*images, range(0, 5), 3);
    CHECK(at::equal(mc_probabilities(*regions, all, 3), cut(passes, side)));
  }
}

TEST_CASE("features of a region are the mean over the part of the map that it overlaps") {
  const auto dataset = patchwork(4, 64);  // the deepest map has 2 x 2 cells of 32 pixels
  LearnerOptions options = unet_options(32);
  Learner of_quarters(dataset, options, 1);
  options.predictions.region = 16;
  Learner of_sixteenths(dataset, options, 1);
  options.predictions.region = 0;
  Learner of_images(dataset, options, 1);
  const at::Tensor quarters = of_quarters.predictions(1)->features(range(0, 16));
  CHECK(quarters.sizes() == at::IntArrayRef({16, 512}));
  const at::Tensor means = quarters.view({4, 4, 512}).mean(1);
  const auto images = of_images.predictions(1);
  CHECK(at::allclose(means, images->features(range(0, 4)), 1e-4, 1e-5));
  CHECK_FALSE(at::allclose(quarters[0], quarters[1]));
  const at::Tensor small = of_sixteenths.predictions(1)->features({16 + 3, 16 + 8, 16 + 2});
  CHECK(at::allclose(small[0], quarters[4 + 1], 1e-4, 1e-4));  // the upper right corner
  CHECK(at::allclose(small[1], quarters[4 + 2], 1e-4, 1e-4));  // first column, third row
  CHECK(at::allclose(small[2], small[0]));
}

TEST_CASE("embeddings of regions are their band statistics, those of the file are refused") {
  const auto dataset = patchwork(3, tile);
  Learner learner(dataset, unet_options(16), 1);
  const std::vector<float> values = band_statistics(*dataset, "train", 16);
  const at::Tensor rows = learner.predictions(1)->embeddings({7, 0});
  CHECK(rows.sizes() == at::IntArrayRef({2, 21}));
  for (std::int64_t d = 0; d < 21; ++d) {
    CHECK(rows[0][d].item<float>() == values[static_cast<std::size_t>(7 * 21 + d)]);
    CHECK(rows[1][d].item<float>() == values[static_cast<std::size_t>(d)]);
  }
  dataset->splits["train"].embeddings["mine"] = {values.data(), 3, 2};
  LearnerOptions options = unet_options(16);
  options.predictions.embeddings = "mine";
  Learner other(dataset, options, 1);
  CHECK_THROWS_WITH(other.predictions(1)->embeddings({0}), Contains("'mine' is of images"));
}

TEST_CASE("what was not bought of an image does not teach, and all regions are the image") {
  const auto dataset = patchwork(6, tile);
  const auto hash_after = [&](std::int64_t region, const Indices& bought) {
    Learner learner(dataset, unet_options(region), 1);
    Pool pool(*dataset, {}, 1, region);
    pool.label(bought);
    const TrainReport report = learner.train(pool, 0);
    CHECK(report.steps == 2 * 2);  // of 6 images by 4, whatever part of them was bought
    return learner.weights_hash();
  };
  const Indices first_of_each = {0, 4, 8, 12, 16, 20};
  const std::string before = hash_after(16, first_of_each);
  CHECK(before != hash_after(16, range(0, 24)));
  CHECK(hash_after(16, range(0, 24)) == hash_after(0, range(0, 6)));
  CHECK(hash_after(32, range(0, 6)) == hash_after(0, range(0, 6)));
  auto& maps = dataset->label_maps["train"];
  for (std::size_t p = 0; p < maps.size(); ++p) {
    if (p % tile >= 16) maps[p] = static_cast<std::uint8_t>((maps[p] + 1) % 4);  // the right half
  }
  CHECK(hash_after(16, first_of_each) == before);
  for (std::uint8_t& label : maps) label = static_cast<std::uint8_t>((label + 1) % 4);
  CHECK(hash_after(16, first_of_each) != before);
}

TEST_CASE("validation is on whole images") {
  const auto dataset = patchwork(6, tile);
  const auto report_of = [&](std::int64_t region, const Indices& held_out, const Indices& bought) {
    Learner learner(dataset, unet_options(region), 1);
    Pool pool(*dataset, {}, 1, region);
    pool.hold_out(held_out);
    pool.label(bought);
    return learner.train(pool, 0);
  };
  const TrainReport images = report_of(0, {5, 2}, {0, 1});
  const TrainReport regions = report_of(16, {20, 21, 22, 23, 8, 9, 10, 11}, range(0, 8));
  CHECK(images.validation_loss == regions.validation_loss);
  CHECK(images.validation_accuracy == regions.validation_accuracy);
}
