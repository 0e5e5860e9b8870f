#include <cmath>

#include <ATen/ATen.h>

#include "catch.hpp"
#include "model/toy_dataset.hpp"
#include "src/model/networks/network.hpp"
#include "src/model/training/boundary_f1.hpp"
#include "src/model/training/cross_entropy.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/model/learner.hpp>

using namespace al_mpi;

namespace {

/// Tiles of 20 pixels with 3 classes beside label 0 = no data. The left half of tile i is of class
/// 1 + i % 3, shown by a bright band; the right half has no label, as has all of the tiles in
/// `unlabeled`.
std::shared_ptr<ToyDataset> tiles(const Indices& unlabeled = {}) {
  const auto dataset = std::make_shared<ToyDataset>(ToyDataset::Sizes{12, 3, 20, 3});
  dataset->task = Task::segmentation;
  dataset->classes = {"no data", "water", "trees", "built"};
  dataset->ignore_label = 0;
  for (const char* name : {"train", "test"}) {
    auto& maps = dataset->label_maps[name];
    maps.assign(12 * 20 * 20, 0);
    for (std::size_t p = 0; p < maps.size(); ++p) {
      const auto tile = static_cast<std::int64_t>(p / 400);
      const bool labeled = std::find(unlabeled.begin(), unlabeled.end(), tile) == unlabeled.end();
      if (p % 20 < 10 && labeled) maps[p] = static_cast<std::uint8_t>(1 + tile % 3);
    }
    dataset->splits[name].label_maps = maps.data();
    dataset->splits[name].labels.clear();
  }
  return dataset;
}

LearnerOptions unet_options() {
  LearnerOptions options;
  options.model.name = "unet_resnet18";
  options.training.epochs = 4;
  options.training.batch_size = 4;
  options.training.prediction_batch = 5;
  return options;
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace

TEST_CASE("U-Nets answer for every pixel of tiles of any size") {
  const at::NoGradGuard no_grad;
  for (const char* name : {"unet_resnet18", "unet_resnet50"}) {
    const NetworkPtr network = make_network(name, {4, 11});
    initialize_weights(*network, 1);
    network->eval();
    for (const auto& [height, width] : {std::pair<int, int>{64, 64}, {50, 37}, {33, 1}}) {
      INFO(name << " " << height << " x " << width);
      const at::Tensor logits = network->decode(network->encode(at::ones({2, 4, height, width})));
      CHECK(logits.sizes() == at::IntArrayRef({2, 11, height, width}));
      CHECK(logits.isfinite().all().item<bool>());
    }
  }
}

TEST_CASE("a U-Net learns pixels and is evaluated on labelled ones only") {
  const auto dataset = tiles();
  LearnerOptions options = unet_options();
  options.training.epochs = 12;
  Learner learner(dataset, options, 1);
  Pool pool(*dataset);
  pool.label(range(0, 12));
  const TrainReport report = learner.train(pool, 0);
  CHECK(report.steps == 12 * 3);
  const Evaluation evaluation = learner.evaluate("test");
  CHECK(evaluation.confusion.n_classes == 4);
  CHECK(evaluation.confusion.total() == 12 * 200);
  for (std::int64_t k = 0; k < 4; ++k) CHECK(evaluation.confusion.at(k, 0) == 0);
  CHECK(accuracy(evaluation.confusion) > 0.8);
  CHECK(mean_iou(evaluation.confusion) > 0.6);
}

TEST_CASE("a batch without a valid pixel is skipped") {
  const auto dataset = tiles({0, 1, 2, 3});
  Pool pool(*dataset), blank(*dataset);
  blank.label({0, 1, 2, 3});
  pool.label({0, 1, 2, 3, 4, 5, 6, 7});
  Learner learner(dataset, unet_options(), 1);
  const TrainReport none = learner.train(blank, 0);
  CHECK(none.steps == 0);
  CHECK(std::isnan(none.loss));
  CHECK(std::isfinite(learner.train(pool, 0).loss));
}

TEST_CASE(
    "pixel probabilities are over the valid classes, streamed, the same in every batch size") {
  const auto dataset = tiles();
  LearnerOptions options = unet_options();
  Learner learner(dataset, options, 1);
  const auto predictions = learner.predictions(1);
  CHECK(predictions->n_classes() == 3);
  const at::Tensor p = probabilities(*predictions, range(0, 7));
  CHECK(p.sizes() == at::IntArrayRef({7, 3, 20, 20}));
  CHECK(largest_difference(p.sum(1), at::ones({7, 20, 20})) < 1e-5);
  CHECK(largest_difference(p[6], probabilities(*predictions, {6})[0]) < 1e-4);
  CHECK(predictions->features({3, 1}).sizes() == at::IntArrayRef({2, 512}));
  CHECK_THROWS_AS(predictions->head(), DataError);
}

TEST_CASE("MC passes over pixels share a mask on the deepest feature") {
  const auto dataset = tiles();
  for (const McBatchNorm batch_norm : {McBatchNorm::frozen, McBatchNorm::batch}) {
    LearnerOptions options = unet_options();
    options.predictions.mc_batch_norm = batch_norm;
    options.predictions.mc_batch_size = 3;
    Learner learner(dataset, options, 1);
    const auto predictions = learner.predictions(1);
    const at::Tensor p = mc_probabilities(*predictions, range(0, 4), 3);
    CHECK(p.sizes() == at::IntArrayRef({3, 4, 3, 20, 20}));
    CHECK(largest_difference(p.sum(2), at::ones({3, 4, 20, 20})) < 1e-5);
    CHECK(largest_difference(p[0], p[1]) > 1e-5);
  }
  LearnerOptions options = unet_options();
  options.model.dropout = 0;
  Learner learner(dataset, options, 1);
  const auto predictions = learner.predictions(1);
  const at::Tensor p = mc_probabilities(*predictions, range(0, 4), 2);
  CHECK(largest_difference(p[1], probabilities(*predictions, range(0, 4))) < 1e-5);
}

TEST_CASE("the reference cuts class 0 off after the softmax, which leaves the proportions") {
  const auto dataset = tiles();
  LearnerOptions options = unet_options();
  const auto probabilities_with = [&](IgnoredClass ignored_class) {
    options.predictions.ignored_class = ignored_class;
    Learner learner(dataset, options, 1);
    return probabilities(*learner.predictions(1), range(0, 3));
  };
  const at::Tensor left_out = probabilities_with(IgnoredClass::left_out);
  const at::Tensor cut_off = probabilities_with(IgnoredClass::cut_off);
  CHECK(cut_off.sizes() == left_out.sizes());
  const at::Tensor sums = cut_off.sum(1, /*keepdim=*/true);
  CHECK(sums.max().item<double>() < 1.0);
  CHECK(largest_difference(cut_off / sums, left_out) < 1e-5);
}

TEST_CASE("a segmentation is measured as its probabilities say, pixel by pixel") {
  const auto dataset = tiles();
  auto& maps = dataset->label_maps["train"];
  for (std::size_t p = 0; p < maps.size(); ++p) {  // borders between classes, also where none is
    if (maps[p] > 0 && p % 20 > 6) maps[p] = static_cast<std::uint8_t>(1 + maps[p] % 3);
  }
  dataset->splits["test"] = dataset->splits["train"];
  Learner learner(dataset, unet_options(), 1);
  learner.train(labeled_pool(*dataset, 12), 0);
  const at::Tensor p = probabilities(*learner.predictions(1), range(0, 12)).contiguous();
  const at::Tensor predicted = (p.argmax(1) + 1).contiguous();  // class 0 has no column
  const std::vector<std::int64_t> truth(maps.begin(), maps.end());
  const std::int64_t* seen = predicted.data_ptr<std::int64_t>();

  double n_labeled = 0, log_loss = 0;
  std::vector<double> correct(4), there(4), found(4), gap(15);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] == 0) continue;
    const auto pixel = static_cast<std::int64_t>(i);
    const at::Tensor column = p[pixel / 400].flatten(1).select(1, pixel % 400);
    const double confidence = column.max().item<double>();
    const bool right = seen[i] == truth[i];
    gap[std::min<std::size_t>(14, static_cast<std::size_t>(confidence * 15))] +=
        (right ? 1 : 0) - confidence;
    log_loss -= std::log(column[truth[i] - 1].item<double>());
    ++n_labeled;
    ++there[static_cast<std::size_t>(truth[i])];
    ++found[static_cast<std::size_t>(seen[i])];
    if (right) ++correct[static_cast<std::size_t>(seen[i])];
  }
  double ece = 0;
  for (const double of_bin : gap) ece += std::abs(of_bin) / n_labeled;
  BoundaryF1 boundary(4, 20, 20, 0);
  for (std::size_t i = 0; i < 12; ++i) boundary.add(truth.data() + i * 400, seen + i * 400);

  const Evaluation evaluation = learner.evaluate("test");
  CHECK(evaluation.ece == Approx(ece).epsilon(1e-5));
  CHECK(evaluation.nll == Approx(log_loss / n_labeled).epsilon(1e-5));
  CHECK(evaluation.ignored_share == 0.5);
  CHECK(evaluation.boundary_f1 == boundary.value());
  CHECK(evaluation.boundary_f1 > 0.05);
  const auto ious = class_ious(evaluation.confusion), f1s = class_f1s(evaluation.confusion);
  for (std::size_t k = 1; k < 4; ++k) {
    CHECK(ious[k] == Approx(correct[k] / (there[k] + found[k] - correct[k])));
    CHECK(f1s[k] == Approx(2 * correct[k] / (there[k] + found[k])));
  }
}

TEST_CASE("the label that is ignored may lie beyond the classes") {
  const auto dataset = tiles();
  for (const char* name : {"train", "test"}) {
    for (std::uint8_t& label : dataset->label_maps[name]) label = label == 0 ? 255 : label - 1;
  }
  dataset->classes = {"water", "trees", "built"};
  dataset->ignore_label = 255;
  Learner learner(dataset, unet_options(), 1);
  learner.train(labeled_pool(*dataset, 12), 0);
  const Evaluation evaluation = learner.evaluate("test");
  CHECK(evaluation.confusion.total() == 12 * 200);
  CHECK(evaluation.ignored_share == 0.5);
  CHECK(accuracy(evaluation.confusion) > 0.3);
}

TEST_CASE("the matrix over all pixels holds the labelled ones' and those without a label") {
  const auto dataset = tiles();
  Learner learner(dataset, unet_options(), 1);
  Pool pool(*dataset);
  pool.label(range(0, 12));
  learner.train(pool, 0);
  const Evaluation evaluation = learner.evaluate("test");
  CHECK(evaluation.all_pixels.total() == 12 * 400);
  std::int64_t without_label = 0;
  for (std::int64_t k = 0; k < 4; ++k) without_label += evaluation.all_pixels.at(0, k);
  CHECK(without_label == 12 * 200);
  // False positives on pixels without a label: the reference's value is the lower one.
  CHECK(reference_mean_iou(evaluation.all_pixels) < mean_iou(evaluation.confusion));
}

TEST_CASE(
    "the loss over rows of pixels, as GPUs take it, is the loss over maps, and so its gradient") {
  for (const std::int64_t ignored : {std::int64_t{0}, std::int64_t{-100}}) {
    const at::Tensor logits = at::sin(at::arange(2 * 4 * 5 * 3, at::kFloat)).view({2, 4, 5, 3});
    const at::Tensor labels = at::arange(2 * 5 * 3).remainder(4).view({2, 5, 3});
    const at::Tensor a = logits.clone().requires_grad_(), b = logits.clone().requires_grad_();
    const at::Tensor maps = mean_cross_entropy(a, labels, ignored);
    const at::Tensor rows = row_cross_entropy(b, labels, ignored);
    maps.backward();
    rows.backward();
    CHECK(rows.item<double>() == Approx(maps.item<double>()).epsilon(1e-6));
    CHECK(largest_difference(a.grad(), b.grad()) < 1e-7);
  }
}
