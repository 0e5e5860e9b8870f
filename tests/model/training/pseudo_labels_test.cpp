#include <limits>

#include <ATen/ATen.h>

#include "catch.hpp"
#include "model/toy_dataset.hpp"
#include "src/model/training/pseudo_labels.hpp"
#include <al_mpi/model/learner.hpp>

using namespace al_mpi;

namespace {

LearnerOptions with_pseudo_labels(double threshold, double weight) {
  LearnerOptions options;
  options.model.name = "linear_probe";
  options.training.epochs = 10;
  options.training.pseudo_labels = {threshold, weight};
  return options;
}

}  // namespace

TEST_CASE("what is at the threshold or above is taken, by its class") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor probs = at::tensor({0.5f, 0.25f, 0.25f,  // unsure
                                       0.0f, 0.0f, 1.0f,    // class 3
                                       0.75f, 0.25f, 0.0f,  // at the threshold: class 0
                                       nan, 1.0f, 0.0f})    // no answer
                               .view({4, 3});
  const PseudoLabels taken = select_pseudo_labels(probs, {7, 9, 12, 20}, {0, 2, 3}, 0.75);
  CHECK(taken.indices == Indices{9, 12});
  CHECK(taken.classes == std::vector<std::int64_t>{3, 0});
  CHECK(select_pseudo_labels(probs, {7, 9, 12, 20}, {0, 2, 3}, 1.0).indices == Indices{9});
}

TEST_CASE("without a weight there are none, and nothing changes") {
  const auto dataset = toy_dataset();
  Pool pool(*dataset);
  pool.label({0, 1, 2, 3, 4, 5});
  Learner plain(dataset, with_pseudo_labels(0.95, 0), 1),
      other(dataset, with_pseudo_labels(0.5, 0), 1);
  CHECK(plain.train(pool, 0).n_pseudo_labels == 0);
  other.train(pool, 0);
  CHECK(plain.weights_hash() == other.weights_hash());
}

TEST_CASE("confident samples are trained on, and their hidden labels are not looked at") {
  const auto dataset = toy_dataset(), mislabeled = toy_dataset();
  for (std::size_t i = 6; i < 60; ++i) mislabeled->splits.at("train").labels[i] = 0;
  const LearnerOptions options = with_pseudo_labels(0.6, 0.5);
  Learner learner(dataset, options, 1), twin(mislabeled, options, 1);
  Learner plain(dataset, with_pseudo_labels(0.6, 0), 1);
  Pool pool(*dataset), twin_pool(*mislabeled);
  pool.label({0, 1, 2, 3, 4, 5});
  twin_pool.label({0, 1, 2, 3, 4, 5});
  const TrainReport report = learner.train(pool, 0);
  CHECK(report.n_pseudo_labels > 20);
  CHECK(report.n_pseudo_labels <= 54);
  CHECK(report.steps > 2 * plain.train(pool, 0).steps);
  twin.train(twin_pool, 0);
  CHECK(learner.weights_hash() == twin.weights_hash());
  CHECK(learner.weights_hash() != plain.weights_hash());
  CHECK(learner.evaluate("test").nll < plain.evaluate("test").nll);  // the toy's classes are clear
}
