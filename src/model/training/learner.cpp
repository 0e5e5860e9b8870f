#include <al_mpi/model/learner.hpp>

#include "model.hpp"
#include "src/model/networks/loss_predictor.hpp"
#include "src/model/networks/weights.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/rng.hpp>
#include <al_mpi/model/gpu_memory.hpp>

namespace al_mpi {
namespace {

/// LibTorch's errors carry a stack trace after their first line. That a GPU has no room is left to
/// the caller, who may spare some.
template <class Work>
auto with_short_errors(const Work& work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    if (is_out_of_gpu_memory(error)) throw;
    throw Error(ExitCode::internal, std::string("LibTorch: ") + error.what_without_backtrace());
  }
}

}  // namespace

struct Learner::Impl : Model {
  explicit Impl(Model&& model) : Model(std::move(model)) {}
};

Learner::Learner(std::shared_ptr<const Dataset> dataset, const LearnerOptions& options,
                 std::int64_t seed) {
  with_short_errors(
      [&] { impl_ = std::make_unique<Impl>(make_model(std::move(dataset), options, seed)); });
}

Learner::~Learner() = default;

TrainReport Learner::train(const Pool& pool, int round, const std::function<void()>& progress) {
  return with_short_errors([&] { return al_mpi::train(*impl_, pool, round, progress); });
}

Evaluation Learner::evaluate(const std::string& split) {
  return with_short_errors([&] { return al_mpi::evaluate(*impl_, split); });
}

PixelMaps Learner::pixel_maps(const std::string& split, const Indices& indices) const {
  return with_short_errors([&] { return al_mpi::pixel_maps(*impl_, split, indices); });
}

LabeledFeatures Learner::features(const std::string& split) const {
  return with_short_errors([&] { return features_of(*impl_, split); });
}

std::unique_ptr<Predictions> Learner::predictions(int round) {
  return learner_predictions(*impl_, round);
}

std::string Learner::weights_hash() const {
  return hash_of(named_state(*impl_->network));
}

TrainedNetwork Learner::trained_network() const {
  const Dataset& dataset = *impl_->dataset;
  const Split& pool = dataset.train();
  TrainedNetwork network;
  network.model = impl_->options.model;
  network.precision = impl_->options.training.precision;
  network.task = dataset.task;
  network.classes = dataset.classes;
  network.ignore_label = dataset.ignore_label;
  network.bands = dataset.bands;
  network.pixel_type = pool.pixel_type;
  network.mean = dataset.mean;
  network.std_dev = dataset.std_dev;
  network.sensor = dataset.sensor;
  network.scale = dataset.scale;
  network.offset = dataset.offset;
  network.pixel_size = dataset.pixel_size;
  network.height = pool.height;
  network.width = pool.width;
  NamedTensors weights = named_state(*impl_->network);
  const std::string prefix = std::string(loss_predictor_name) + ".";
  for (auto it = weights.begin(); it != weights.end();) {
    it = it->first.rfind(prefix, 0) == 0 ? weights.erase(it) : std::next(it);
  }
  network.state = to_bytes(weights);
  return network;
}

std::string Learner::state() const {
  return to_bytes(named_state(*impl_->network));
}

void Learner::load_state(const std::string& bytes) {
  load_bytes(bytes, named_state(*impl_->network));
}

}  // namespace al_mpi
