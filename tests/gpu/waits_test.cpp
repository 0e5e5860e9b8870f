// What a step of training asks of the host: operations, and waits.

#include <atomic>
#include <string>

#include <c10/util/Exception.h>
// Debian's LibTorch brings some of these headers, but not all.
#if __has_include(<c10/cuda/impl/cuda_cmake_macros.h>) && __has_include(<cuda_runtime_api.h>)
#include <c10/cuda/CUDAFunctions.h>
#define AL_TELLS_WAITS
#endif

#include "gpu/gpu.hpp"
#include "model/counting.hpp"
#include "model/toy_dataset.hpp"
#include <al_mpi/model/learner.hpp>

using namespace al_mpi;

namespace {

#ifdef AL_TELLS_WAITS
/// Counts the times that the host waits for the GPU while it lives.
class Waits : c10::WarningHandler {
 public:
  Waits() : before_(c10::WarningUtils::get_warning_handler()) {
    c10::WarningUtils::set_warning_handler(this);
    tell(c10::cuda::SyncDebugMode::L_WARN);
  }
  ~Waits() override {
    tell(c10::cuda::SyncDebugMode::L_DISABLED);
    c10::WarningUtils::set_warning_handler(before_);
  }
  void process(const c10::Warning& warning) override {
    n_ += warning.msg().find("synchroniz") != std::string::npos ? 1 : 0;
  }
  std::int64_t n() const { return n_; }

 private:
  static void tell(c10::cuda::SyncDebugMode mode) {
    c10::cuda::warning_state().set_sync_debug_mode(mode);
  }

  c10::WarningHandler* before_;
  std::atomic<std::int64_t> n_{0};
};
#else
/// A LibTorch without CUDA knows no waits.
struct Waits {
  std::int64_t n() const { return 0; }
};
#endif

struct Counts {
  std::int64_t waits, numbers_read, operations;
};

/// Of one epoch over n samples, in batches of 4.
Counts counts(Learner& learner, const Dataset& dataset, std::int64_t n) {
  const Pool pool = labeled_pool(dataset, n);
  const Counting counting;
  const Waits waits;
  CHECK(learner.train(pool, 1).steps == n / 4);
  Counts result{waits.n(), Counting::calls["aten::_local_scalar_dense"], 0};
  for (const auto& [name, number] : Counting::calls) result.operations += number;
  return result;
}

}  // namespace

TEST_CASE("no step of training waits for a GPU") {
  const std::string device = test_device();
  if (device.empty()) return;
  const auto dataset = toy_dataset({40, 13, 64, 4});
  for (const char* network : {"small_cnn", "resnet18"}) {
    for (const Augment augment : {Augment::none, Augment::dihedral_crop}) {
      LearnerOptions options;
      options.model.name = network;
      options.training.epochs = 1;
      options.training.batch_size = 4;
      options.training.augment = augment;
      options.device = device;
      Learner learner(dataset, options, 1);
      learner.train(labeled_pool(*dataset, 8), 0);  // what is done once in a process is done here
      const Counts one = counts(learner, *dataset, 4), ten = counts(learner, *dataset, 40);
      CHECK(ten.waits == one.waits);
      CHECK(ten.numbers_read == one.numbers_read);
      WARN(network << ", augmentation " << name_of(augment) << ": "
                   << (ten.operations - one.operations) / 9
                   << " operations a step but the way back, " << one.waits << " waits an epoch");
    }
  }
}
