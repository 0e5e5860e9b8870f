#include <al_mpi/sweep/workplace.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <spdlog/spdlog.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/farm/devices.hpp>

namespace al_mpi {
namespace {

std::string built_in_engine() {
  if (const char* other = std::getenv("AL_MPI_ENGINE")) return other;
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe");
  return (own.parent_path() / "al_trial").string();
}

/// The usable GPUs. The engine is asked once, since that takes a start of it.
const UsableGpus& gpus_here() {
  static const UsableGpus gpus = usable_gpus(built_in_engine());
  return gpus;
}

}  // namespace

std::vector<std::string> engine_command(const FarmOptions& farm) {
  if (!farm.engine.command.empty()) return farm.engine.command;
  return {built_in_engine(), "--serve"};
}

std::vector<std::string> gpus_of(const FarmOptions& farm) {
  if (farm.device == DeviceKind::cpu) return {};
  try {
    return gpus_here().entries;
  } catch (const Error& error) {  // the engine says it again when it starts
    spdlog::warn("{}", error.what());
    return {};
  }
}

void settle_device(FarmOptions& farm) {
  // An own engine knows its device.
  if (farm.device != DeviceKind::auto_ || !farm.engine.command.empty()) return;
  const UsableGpus& gpus = gpus_here();
  if (!gpus.why_none.empty())
    spdlog::warn("{}: the sweep runs on the CPU (farm.device=auto)", gpus.why_none);
  farm.device = gpus.entries.empty() ? DeviceKind::cpu : DeviceKind::cuda;
}

int workers_alone(const FarmOptions& farm) {
  const int n_gpus = static_cast<int>(gpus_of(farm).size());
  if (n_gpus > 0) return n_gpus * static_cast<int>(farm.workers_per_gpu);
  return std::max(1, usable_cores() / static_cast<int>(farm.threads));
}

}  // namespace al_mpi
