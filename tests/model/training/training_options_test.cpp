// Steps, schedule, early stopping, augmentation, noisy labels: what they do to a round's training.

#include <cmath>

#include <al_mpi/model/learner.hpp>

#include "catch.hpp"
#include "model/toy_dataset.hpp"

using namespace al_mpi;

namespace {

LearnerOptions small_options() {
  LearnerOptions options;
  options.model.name = "small_cnn";
  options.training.epochs = 4;
  options.training.batch_size = 8;
  return options;
}

Pool pool_of(const Dataset& dataset, std::int64_t n_labeled, std::int64_t n_held_out = 0,
             const OracleOptions& oracle = {}) {
  Pool pool(dataset, oracle, 1);
  pool.hold_out(range(50, 50 + n_held_out));
  pool.label(range(0, n_labeled));
  return pool;
}

struct Trained {
  TrainReport report;
  std::string weights;
};

Trained trained(const LearnerOptions& options, const Pool& pool,
                const std::shared_ptr<Dataset>& dataset) {
  Learner learner(dataset, options, 1);
  const TrainReport report = learner.train(pool, 1);
  return {report, learner.weights_hash()};
}

}  // namespace

TEST_CASE("with training.steps every round makes as many steps, whatever the labels") {
  const auto dataset = toy_dataset();
  LearnerOptions options = small_options();
  options.training.steps = 13;
  for (const std::int64_t n : {3, 8, 30, 50}) {
    CHECK(trained(options, pool_of(*dataset, n), dataset).report.steps == 13);
  }
  // As many steps as the epochs make: the same training.
  options.training.steps = 4 * 4;
  const Pool pool = pool_of(*dataset, 30);
  CHECK(trained(options, pool, dataset).weights == trained(small_options(), pool, dataset).weights);
}

TEST_CASE("schedules change the weights, not the number of steps") {
  const auto dataset = toy_dataset();
  const Pool pool = pool_of(*dataset, 30);
  const Trained constant = trained(small_options(), pool, dataset);
  std::string before = constant.weights;
  for (const Schedule schedule : {Schedule::cosine, Schedule::step}) {
    LearnerOptions options = small_options();
    options.training.schedule = schedule;
    const Trained scheduled = trained(options, pool, dataset);
    CHECK(scheduled.report.steps == constant.report.steps);
    CHECK(scheduled.weights != before);
    CHECK(scheduled.weights == trained(options, pool, dataset).weights);
    before = scheduled.weights;
  }
  // One step is made at the full rate under each.
  LearnerOptions one = small_options();
  one.training.steps = 1;
  const std::string first = trained(one, pool, dataset).weights;
  one.training.schedule = Schedule::cosine;
  CHECK(trained(one, pool, dataset).weights == first);
}

TEST_CASE("samples held out are validated on and never trained on") {
  const auto dataset = toy_dataset();
  const Trained without = trained(small_options(), pool_of(*dataset, 30), dataset);
  const Trained with = trained(small_options(), pool_of(*dataset, 30, 10), dataset);
  CHECK(with.weights == without.weights);
  CHECK(std::isnan(without.report.validation_loss));
  CHECK(with.report.validation_loss > 0.0);
  CHECK(with.report.validation_accuracy > 1.0 / 3);
}

TEST_CASE("early stopping keeps the weights of the lowest validation loss") {
  const auto dataset = toy_dataset();
  LearnerOptions options = small_options();
  options.training.learning_rate = 0.3;  // jumps about: later epochs are often worse
  options.training.epochs = 30;
  const Pool pool = pool_of(*dataset, 30, 10);
  const Trained all = trained(options, pool, dataset);
  options.training.early_stopping = 3;
  const Trained stopped = trained(options, pool, dataset);
  CHECK(stopped.report.steps < all.report.steps);
  // The kept weights are those after the epoch of the lowest loss: trained that far and no farther,
  // the same.
  const std::int64_t n_epochs = stopped.report.steps / 4 - 3;
  REQUIRE(n_epochs >= 1);
  options.training.early_stopping = 0;
  options.training.steps = 4 * n_epochs;
  CHECK(trained(options, pool, dataset).weights == stopped.weights);
  // The epochs after it are not better.
  options.training.steps = stopped.report.steps;
  CHECK(trained(options, pool, dataset).report.validation_loss >= stopped.report.validation_loss);
  // Without anything held out there is nothing to stop by.
  options.training.steps = 0;
  options.training.early_stopping = 1;
  CHECK(trained(options, pool_of(*dataset, 30), dataset).report.steps == all.report.steps);
}

TEST_CASE("training sees what the oracle said, evaluation the truth") {
  const auto dataset = toy_dataset();
  OracleOptions wrong;
  wrong.noise = 0.999999;  // next to surely
  LearnerOptions options = small_options();
  options.training.epochs = 20;
  Learner learner(dataset, options, 1);
  learner.train(pool_of(*dataset, 50, 0, wrong), 0);
  CHECK(accuracy(learner.evaluate("test").confusion) < 0.2);
}

TEST_CASE("augmented training is a function of its streams") {
  const auto dataset = toy_dataset();
  LearnerOptions options = small_options();
  const Pool pool = pool_of(*dataset, 20);
  const std::string plain = trained(options, pool, dataset).weights;
  options.training.augment = Augment::dihedral_crop;
  const std::string augmented = trained(options, pool, dataset).weights;
  CHECK(augmented != plain);
  CHECK(trained(options, pool, dataset).weights == augmented);
}
