// What a GPU would have to wait for the host in a training, seen on the CPU.

#include <string>

#include "catch.hpp"
#include "model/counting.hpp"
#include "model/toy_dataset.hpp"
#include <al_mpi/model/learner.hpp>

using namespace al_mpi;

namespace {

/// Numbers read from tensors in one epoch over n samples, in batches of 4.
std::int64_t numbers_read(Learner& learner, const std::shared_ptr<ToyDataset>& dataset,
                          std::int64_t n) {
  const Pool pool = labeled_pool(*dataset, n);
  const Counting counting;
  CHECK(learner.train(pool, 0).steps == n / 4);
  CHECK(Counting::calls["aten::mul"] >= n / 4);  // it does count
  return Counting::calls["aten::_local_scalar_dense"] + Counting::calls["aten::nonzero"];
}

LearnerOptions one_epoch(const std::string& network) {
  LearnerOptions options;
  options.model.name = network;
  options.training.epochs = 1;
  options.training.batch_size = 4;
  return options;
}

}  // namespace

TEST_CASE("an epoch reads a number from a tensor at its end, and none in a step") {
  const auto dataset = toy_dataset({24, 3, 16, 3});
  for (const Augment augment : {Augment::none, Augment::dihedral_crop}) {
    for (const bool predicts_losses : {false, true}) {
      LearnerOptions options = one_epoch("small_cnn");
      options.training.augment = augment;
      options.predicts_losses = predicts_losses;
      Learner learner(dataset, options, 1);
      const std::int64_t at_the_end = numbers_read(learner, dataset, 4);
      CHECK(at_the_end > 0);
      CHECK(numbers_read(learner, dataset, 24) == at_the_end);
    }
  }
}

TEST_CASE("nor does a step of a segmentation read a number") {
  const auto dataset = toy_dataset({12, 3, 16, 3});
  dataset->task = Task::segmentation;
  dataset->ignore_label = 0;
  for (const char* name : {"train", "test"}) {
    dataset->label_maps[name].assign(12 * 256, 1);
    dataset->splits[name].label_maps = dataset->label_maps[name].data();
    dataset->splits[name].labels.clear();
  }
  Learner learner(dataset, one_epoch("unet_resnet18"), 1);
  CHECK(numbers_read(learner, dataset, 4) == numbers_read(learner, dataset, 12));
}
