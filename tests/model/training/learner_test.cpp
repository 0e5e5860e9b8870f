#include <cmath>
#include <limits>

#include "catch.hpp"
#include "model/toy_dataset.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/model/learner.hpp>

using namespace al_mpi;

namespace {

LearnerOptions small_options() {
  LearnerOptions options;
  options.model.name = "small_cnn";
  options.training.epochs = 8;
  options.training.batch_size = 8;
  return options;
}

}  // namespace

TEST_CASE("a learner learns separable classes and reports loss, steps and signs of life") {
  const auto dataset = toy_dataset();
  const Pool pool = labeled_pool(*dataset, 30);
  Learner learner(dataset, small_options(), 1);
  int signs_of_life = 0;
  const TrainReport report = learner.train(pool, 0, [&] { ++signs_of_life; });
  CHECK(signs_of_life == 8);
  CHECK(report.steps == 8 * 4);  // 30 samples: batches of 8, 8, 8, 6
  CHECK(report.loss < 0.5);
  const Evaluation evaluation = learner.evaluate("test");
  CHECK(evaluation.confusion.total() == 60);
  CHECK(accuracy(evaluation.confusion) > 0.9);
  CHECK(evaluation.nll > 0);
  CHECK(evaluation.nll < 0.5);
  CHECK(evaluation.ece >= 0);
}

TEST_CASE("another split than the dataset's is an error") {
  Learner learner(toy_dataset(), small_options(), 1);
  CHECK_THROWS_AS(learner.evaluate("validation"), DataError);
}

TEST_CASE("unknown networks and devices are configuration errors") {
  LearnerOptions options = small_options();
  options.model.name = "resnet19";
  CHECK_THROWS_AS(Learner(toy_dataset(), options, 1), ConfigError);
  options = small_options();
  for (const char* device : {"tpu", "cuda:x", "meta", ""}) {
    options.device = device;
    CHECK_THROWS_WITH(Learner(toy_dataset(), options, 1), Contains("is no device (known: auto"));
  }
  options.device = "cuda:99";
  CHECK_THROWS_WITH(Learner(toy_dataset(), options, 1),
                    Contains("'cuda:99' is wanted, but LibTorch sees"));
}

TEST_CASE("training is a function of settings, seed, round and labels") {
  const auto dataset = toy_dataset();
  const Pool pool = labeled_pool(*dataset, 12);
  Learner a(dataset, small_options(), 1), b(dataset, small_options(), 1),
      c(dataset, small_options(), 2);
  CHECK(a.weights_hash() == b.weights_hash());
  CHECK(a.weights_hash() != c.weights_hash());
  a.train(pool, 0);
  b.train(labeled_pool(*dataset, 20), 0);  // full reset: what was before leaves no trace
  b.evaluate("test");
  b.train(pool, 0);
  CHECK(a.weights_hash() == b.weights_hash());
  b.train(pool, 1);  // other shuffles and dropout masks
  CHECK(a.weights_hash() != b.weights_hash());
}

TEST_CASE(
    "reset full restores weights and BatchNorm statistics; initial weights are the same or fresh") {
  const auto dataset = toy_dataset();
  const Pool empty(*dataset);
  LearnerOptions options = small_options();
  Learner learner(dataset, options, 1);
  const std::string initial = learner.weights_hash();
  learner.train(labeled_pool(*dataset, 12), 0);
  CHECK(learner.weights_hash() != initial);
  CHECK(std::isnan(learner.train(empty, 1).loss));  // no step: what is left is the reset
  CHECK(learner.weights_hash() == initial);
  learner.train(labeled_pool(*dataset, 12), 2);
  learner.train(empty, 3);  // from weights that were kept, no longer drawn
  CHECK(learner.weights_hash() == initial);

  options.training.initial_weights = InitialWeights::fresh;
  Learner fresh(dataset, options, 1);
  fresh.train(empty, 0);
  CHECK(fresh.weights_hash() == initial);
  fresh.train(empty, 1);
  CHECK(fresh.weights_hash() != initial);
}

TEST_CASE("reset none goes on from the last round's weights") {
  const auto dataset = toy_dataset();
  LearnerOptions options = small_options();
  options.training.reset = Reset::none;
  Learner learner(dataset, options, 1);
  learner.train(labeled_pool(*dataset, 12), 0);
  const std::string after = learner.weights_hash();
  learner.train(Pool(*dataset), 1);
  CHECK(learner.weights_hash() == after);
}

TEST_CASE("two learners in one process do not disturb each other") {
  const auto dataset = toy_dataset();
  const Pool pool = labeled_pool(*dataset, 12);
  Learner alone(dataset, small_options(), 1);
  alone.train(pool, 0);
  Learner first(dataset, small_options(), 1), second(dataset, small_options(), 2);
  second.train(pool, 0);
  first.train(pool, 0, [&] { second.evaluate("test"); });
  CHECK(first.weights_hash() == alone.weights_hash());
}

TEST_CASE("a batch of one sample does not stop BatchNorm") {
  // 1 x 1 maps before the average: a lone sample has no variance.
  const auto dataset = toy_dataset({20, 3, 8, 2});
  LearnerOptions options = small_options();
  options.training.epochs = 1;
  for (const std::int64_t n_labeled : {1, 9, 17}) {
    Learner learner(dataset, options, 1);
    const TrainReport report = learner.train(labeled_pool(*dataset, n_labeled), 0);
    CHECK(report.steps == std::max<std::int64_t>(1, n_labeled / 8));
    CHECK(std::isfinite(report.loss));
  }
  options.training.batch_size = 1;
  Learner learner(dataset, options, 1);
  CHECK(learner.train(labeled_pool(*dataset, 3), 0).steps == 3);
}

TEST_CASE("a loss that is no number ends training with the round and epoch") {
  const auto dataset = toy_dataset();
  LearnerOptions options = small_options();
  options.training.learning_rate = 1e30;
  Learner learner(dataset, options, 1);
  CHECK_THROWS_WITH(learner.train(labeled_pool(*dataset, 12), 3),
                    Contains("diverged in round 3, epoch 1"));
}

TEST_CASE("a state goes there and back bit for bit") {
  const auto dataset = toy_dataset();
  const Pool pool = labeled_pool(*dataset, 12);
  LearnerOptions options = small_options();
  options.training.reset = Reset::none;
  Learner original(dataset, options, 1), copy(dataset, options, 1);
  original.train(pool, 0);
  copy.load_state(original.state());
  CHECK(copy.weights_hash() == original.weights_hash());
  CHECK(copy.state() == original.state());
  original.train(pool, 1);
  copy.train(pool, 1);
  CHECK(copy.weights_hash() == original.weights_hash());
}

TEST_CASE("a state that is cut, damaged or of another network is refused and changes nothing") {
  const auto dataset = toy_dataset();
  Learner learner(dataset, small_options(), 1);
  const std::string hash = learner.weights_hash();
  const std::string state = learner.state();
  CHECK_THROWS_AS(learner.load_state(""), DataError);
  CHECK_THROWS_AS(learner.load_state(state.substr(0, state.size() - 7)), DataError);
  std::string damaged = state;
  damaged[state.size() / 2] = static_cast<char>(damaged[state.size() / 2] ^ 1);
  CHECK_THROWS_AS(learner.load_state(damaged), DataError);
  Learner other(toy_dataset({20, 4, 8, 2}), small_options(), 1);
  CHECK_THROWS_WITH(learner.load_state(other.state()), Contains("another network"));
  CHECK(learner.weights_hash() == hash);
}

TEST_CASE("bfloat16 training learns too, and stores float32 weights") {
  const auto dataset = toy_dataset();
  LearnerOptions options = small_options();
  options.training.precision = Precision::bf16;
  Learner learner(dataset, options, 1);
  learner.train(labeled_pool(*dataset, 30), 0);
  CHECK(accuracy(learner.evaluate("test").confusion) > 0.9);
  Learner plain(dataset, small_options(), 2);
  plain.load_state(learner.state());
  CHECK(accuracy(plain.evaluate("test").confusion) > 0.9);
}
