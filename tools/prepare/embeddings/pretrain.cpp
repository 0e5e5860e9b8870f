#include "tools/prepare/embeddings/pretrain.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tools/prepare/output/progress.hpp"
#include <al_mpi/base/crash_point.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/log.hpp>
#include <al_mpi/base/output_file.hpp>
#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/model/device.hpp>
#include <al_mpi/model/process.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

/// The file beside the output that holds all of a pre-training in progress.
class CheckpointFile {
 public:
  CheckpointFile(const PretrainRequest& request)
      : path_(request.output + ".checkpoint"), every_(request.checkpoint_every) {
    if (request.force) remove();
  }

  bool load_into(Pretraining& training) const {
    std::ifstream in(path_, std::ios::binary);
    if (!in) return false;
    try {
      training.load_checkpoint({std::istreambuf_iterator<char>(in), {}});
    } catch (const DataError& error) {
      throw DataError(path_, "", error.what());
    }
    spdlog::info("going on from {}: {} epochs are done", path_, training.epochs_done());
    return true;
  }

  void save_sometimes(const Pretraining& training) {
    const auto now = Clock::now();
    if (now - saved_ < every_) return;
    write_file_atomically(path_, training.checkpoint());
    saved_ = now;
    crash_point("pretrain.checkpoint");
  }

  void remove() const { fs::remove(path_); }

 private:
  using Clock = std::chrono::steady_clock;
  std::string path_;
  std::chrono::duration<double> every_;
  Clock::time_point saved_ = Clock::now();
};

}  // namespace

std::pair<QualityFigure, QualityFigure> pretrain(const PretrainRequest& request) {
  refuse_to_overwrite(request.output, request.force);
  AtomicFile(request.output);  // fails now, not after hours, if it cannot be written
  PretrainOptions options = request.options;
  options.device = available_device(options.device);
  tune_process(request.threads);
  const auto dataset = Dataset::open(request.file);
  Pretraining training(dataset, options);
  CheckpointFile checkpoint(request);
  const bool resumed = checkpoint.load_into(training);
  const auto quality = [&] {
    return dataset->task == Task::classification ? training.quality() : QualityFigure();
  };
  std::pair<QualityFigure, QualityFigure> out;
  if (!resumed) out.first = quality();
  const std::int64_t left = options.epochs - training.epochs_done();
  Progress progress("pre-training", left * training.steps_an_epoch(),
                    "the same command goes on from the last checkpoint");
  while (training.epochs_done() < options.epochs) {
    const double loss = training.run_epoch([&] { progress.step(); });
    spdlog::info("epoch {} of {}: loss {:.4f}", training.epochs_done(), options.epochs, loss);
    checkpoint.save_sometimes(training);
  }
  out.second = quality();
  training.save_encoder(request.output);
  checkpoint.remove();
  return out;
}

}  // namespace al_mpi
