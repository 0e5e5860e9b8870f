#include <cmath>
#include <numeric>

#include <ATen/ATen.h>

#include "catch.hpp"
#include "model/toy_dataset.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/model/learner.hpp>
#include <al_mpi/model/predictions.hpp>

using namespace al_mpi;

namespace {

LearnerOptions small_options() {
  LearnerOptions options;
  options.model.name = "small_cnn";
  options.training.epochs = 3;
  options.training.batch_size = 8;
  options.training.prediction_batch = 7;
  return options;
}

struct Trained {
  explicit Trained(const LearnerOptions& options)
      : dataset(toy_dataset()), learner(dataset, options, 1) {
    learner.train(labeled_pool(*dataset, 12), 0);
  }
  std::shared_ptr<ToyDataset> dataset;
  Learner learner;
};

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace

TEST_CASE("probabilities are distributions in the order of the indices, whatever the batch") {
  Trained a(small_options());
  LearnerOptions other_batch = small_options();
  other_batch.training.prediction_batch = 64;
  Trained b(other_batch);
  const Indices indices = {50, 3, 17, 4, 33, 20, 21, 22, 59};
  const auto predictions = a.learner.predictions(1);
  CHECK(predictions->n_classes() == 3);
  const at::Tensor p = probabilities(*predictions, indices);
  CHECK(p.sizes() == at::IntArrayRef({9, 3}));
  CHECK(largest_difference(p.sum(1), at::ones({9})) < 1e-6);
  CHECK(largest_difference(p, probabilities(*b.learner.predictions(1), indices)) < 1e-5);
  const at::Tensor one = probabilities(*predictions, {33});
  CHECK(largest_difference(one[0], p[4]) < 1e-6);
  CHECK(probabilities(*predictions, {}).sizes() == at::IntArrayRef({0, 3}));
}

TEST_CASE("features of a split are those that predictions have of the pool, with their classes") {
  Trained trained(small_options());
  const LabeledFeatures of_pool = trained.learner.features("train");
  const auto predictions = trained.learner.predictions(1);
  CHECK(of_pool.rows.equal(predictions->features(range(0, trained.dataset->train().n))));
  CHECK(of_pool.labels == trained.dataset->train().labels);
  const LabeledFeatures of_test = trained.learner.features("test");
  CHECK(of_test.rows.size(0) == 60);
  CHECK(of_test.labels == trained.dataset->test().labels);
  CHECK_THROWS_AS(trained.learner.features("validation"), DataError);
}

TEST_CASE("probabilities follow from features and head") {
  Trained trained(small_options());
  const auto predictions = trained.learner.predictions(1);
  const Indices indices = range(12, 40);
  const at::Tensor features = predictions->features(indices);
  CHECK(features.sizes() == at::IntArrayRef({28, 64}));
  const LinearHead head = predictions->head();
  const at::Tensor p = at::softmax(at::matmul(features, head.weight.t()) + head.bias, 1);
  CHECK(largest_difference(p, probabilities(*predictions, indices)) < 1e-6);
}

TEST_CASE("a new round's predictions are those of the new weights") {
  Trained trained(small_options());
  const Indices indices = range(12, 40);
  const at::Tensor before = probabilities(*trained.learner.predictions(1), indices);
  Pool pool(*trained.dataset);
  pool.label(range(0, 30));
  trained.learner.train(pool, 1);
  CHECK(largest_difference(before, probabilities(*trained.learner.predictions(2), indices)) > 1e-3);
}

TEST_CASE("predicting changes nothing in the learner") {
  Trained trained(small_options());
  const std::string hash = trained.learner.weights_hash();
  const auto predictions = trained.learner.predictions(1);
  mc_probabilities(*predictions, range(12, 40), 3);
  predictions->features(range(0, 5));
  predictions->each_images({1, 2}, [](std::int64_t, const at::Tensor&, const auto&) {});
  CHECK(trained.learner.weights_hash() == hash);
}

TEST_CASE("an MC pass is one sampled network: its mask is shared by the samples") {
  Trained trained(small_options());
  const auto predictions = trained.learner.predictions(1);
  const Indices indices = range(12, 40);
  const at::Tensor p = mc_probabilities(*predictions, indices, 4);
  CHECK(p.sizes() == at::IntArrayRef({4, 28, 3}));
  CHECK(largest_difference(p.sum(2), at::ones({4, 28})) < 1e-5);
  CHECK(largest_difference(p[0], p[1]) > 1e-4);

  // Samples asked for alone get the same masks, and T more passes keep the first ones.
  CHECK(largest_difference(mc_probabilities(*predictions, {20}, 4).select(1, 0), p.select(1, 8)) <
        1e-6);
  CHECK(largest_difference(mc_probabilities(*predictions, indices, 2), p.narrow(0, 0, 2)) < 1e-6);

  // Each pass is explained by one mask over the features: logits are linear in it, so with more
  // samples than features the least-squares residual would not vanish if masks differed between
  // samples.
  const LinearHead head = predictions->head();
  const at::Tensor features = predictions->features(range(0, 60));
  const at::Tensor all = mc_probabilities(*predictions, range(0, 60), 1)[0].log().to(at::kDouble);
  const at::Tensor logits = all - all.select(1, 0).unsqueeze(1);
  std::vector<at::Tensor> columns;
  for (std::int64_t c = 1; c < 3; ++c)
    columns.push_back(features * (head.weight[c] - head.weight[0]));
  const at::Tensor design = at::cat(columns, 0).to(at::kDouble);  // [2 * 60, 64]
  const at::Tensor bias = (head.bias - head.bias[0]).narrow(0, 1, 2).to(at::kDouble);
  const at::Tensor target = (logits.narrow(1, 1, 2) - bias).t().reshape({-1, 1});  // [2 * 60, 1]
  const at::Tensor mask = std::get<0>(at::linalg_lstsq(design, target));
  CHECK(largest_difference(at::matmul(design, mask), target) < 1e-4);
  const at::Tensor kept = mask.squeeze(1);
  CHECK(((kept.abs() < 0.05) | ((kept - 1 / 0.7).abs() < 0.05))
            .to(at::kDouble)
            .mean()
            .item<double>() > 0.9);
}

TEST_CASE("MC masks change with the round, not with what was asked before") {
  Trained trained(small_options());
  const Indices indices = range(12, 20);
  const at::Tensor first = mc_probabilities(*trained.learner.predictions(1), indices, 2);
  const at::Tensor again = mc_probabilities(*trained.learner.predictions(1), indices, 2);
  const at::Tensor other = mc_probabilities(*trained.learner.predictions(2), indices, 2);
  CHECK(at::equal(first, again));
  CHECK(largest_difference(first, other) > 1e-4);
}

TEST_CASE("without dropout all passes equal the deterministic one") {
  LearnerOptions options = small_options();
  options.model.dropout = 0;
  Trained trained(options);
  const auto predictions = trained.learner.predictions(1);
  const Indices indices = range(12, 40);
  const at::Tensor mc = mc_probabilities(*predictions, indices, 3);
  for (int t = 0; t < 3; ++t) {
    CHECK(largest_difference(mc[t], probabilities(*predictions, indices)) < 1e-6);
  }
}

TEST_CASE("with batch statistics neighbours matter, and the pollution stays in the learner") {
  LearnerOptions options = small_options();
  options.predictions.mc_batch_norm = McBatchNorm::batch;
  options.predictions.mc_batch_size = 4;
  Trained trained(options);
  const std::string hash = trained.learner.weights_hash();
  const auto predictions = trained.learner.predictions(1);
  const at::Tensor a = mc_probabilities(*predictions, {12, 13, 14, 15}, 2);
  CHECK(trained.learner.weights_hash() != hash);
  const at::Tensor b = mc_probabilities(*predictions, {12, 16, 17, 18}, 2);
  CHECK(largest_difference(a.select(1, 0), b.select(1, 0)) > 1e-5);
  // A last batch of one sample, and running statistics that stay finite.
  CHECK(mc_probabilities(*predictions, range(12, 21), 2).isfinite().all().item<bool>());
  CHECK(std::isfinite(trained.learner.evaluate("test").nll));
}

TEST_CASE("images come normalised, with logits that can be differentiated") {
  Trained trained(small_options());
  const auto predictions = trained.learner.predictions(1);
  const Indices indices = range(12, 22);
  const at::Tensor expected = probabilities(*predictions, indices);
  std::int64_t seen = 0;
  predictions->each_images(indices, [&](std::int64_t first, const at::Tensor& images,
                                        const Predictions::LogitsFn& logits) {
    CHECK(first == seen);
    seen += images.size(0);
    const at::Tensor x = images.clone().requires_grad_(true);
    const at::Tensor z = logits(x);
    CHECK(largest_difference(at::softmax(z.detach(), 1), expected.narrow(0, first, z.size(0))) <
          1e-5);
    z.logsumexp(1).sum().backward();
    CHECK(x.grad().abs().max().item<double>() > 0);
    const auto* pixel = static_cast<const std::uint16_t*>(
        trained.dataset->train().image(indices[static_cast<std::size_t>(first)]));
    CHECK(images[0][0][0][0].item<float>() == Approx((pixel[0] - 1000.0f) / 300.0f));
  });
  CHECK(seen == 10);
}

TEST_CASE("embeddings are the dataset's, by name or the first") {
  const auto dataset = toy_dataset();
  std::vector<float> values(60 * 2);
  std::iota(values.begin(), values.end(), 0.0f);
  dataset->splits["train"].embeddings["moco"] = {values.data(), 60, 2};
  LearnerOptions options = small_options();
  Learner automatic(dataset, options, 1);
  const at::Tensor rows = automatic.predictions(1)->embeddings({3, 1});
  CHECK(at::equal(rows, at::tensor({6.0f, 7.0f, 2.0f, 3.0f}).view({2, 2})));
  options.predictions.embeddings = "moko";
  Learner wrong(dataset, options, 1);
  CHECK_THROWS_WITH(wrong.predictions(1)->embeddings({3}), Contains("did you mean 'moco'"));
}
