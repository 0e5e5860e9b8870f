#include <al_mpi/farm/devices.hpp>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>

#include <poll.h>
#include <sched.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/farm/engine_process.hpp>
#include <al_mpi/trial/engine_line.hpp>

namespace al_mpi {
namespace {

/// Less than the silence after which a rank is given up.
constexpr std::chrono::seconds patience{50};

/// The entries of CUDA_VISIBLE_DEVICES; none where it is not set.
std::optional<std::vector<std::string>> listed_gpus() {
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (visible == nullptr) return std::nullopt;
  std::vector<std::string> gpus;
  std::istringstream entries(visible);
  for (std::string entry; std::getline(entries, entry, ',');) {
    // CUDA itself stops at the first entry that names no device ("-1", "NoDevFiles").
    if (entry.empty() || entry[0] == '-' || entry[0] == 'N') break;
    gpus.push_back(entry);
  }
  return gpus;
}

bool is_gpu(const std::string& name) {  // in /dev; dxg is Windows' door to its GPUs
  return name == "dxg" || (name.size() > 6 && name.rfind("nvidia", 0) == 0 &&
                           std::all_of(name.begin() + 6, name.end(),
                                       [](unsigned char c) { return std::isdigit(c); }));
}

EngineLine devices_line(const std::string& engine) {
  EngineProcess process({{engine, "--devices"}, {}, "/dev/null"});
  process.close_input();
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    if (const auto line = process.read_line()) return parse_engine_line(*line);
    if (const std::string how = process.ended(); !how.empty()) {
      throw FarmError(-1, fmt::format("GPUs cannot be counted: {} --devices {} (farm.device=cpu "
                                      "does without)",
                                      engine, how));
    }
    pollfd output{process.output(), POLLIN, 0};
    ::poll(&output, 1, 100);
  }
  throw FarmError(-1, fmt::format("GPUs cannot be counted: {} --devices says nothing for {} s "
                                  "(farm.device=cpu does without)",
                                  engine, patience.count()));
}

}  // namespace

std::string promised_gpus() {
  if (const auto listed = listed_gpus()) {
    return listed->empty()
               ? ""
               : std::string("CUDA_VISIBLE_DEVICES=") + std::getenv("CUDA_VISIBLE_DEVICES");
  }
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/dev", ignored)) {
    if (is_gpu(entry.path().filename())) return entry.path();
  }
  return "";
}

UsableGpus usable_gpus(const std::string& engine) {
  const std::string promised = promised_gpus();
  if (promised.empty()) return {};
  const EngineLine line = devices_line(engine);
  UsableGpus usable{gpu_entries(line.gpus.size()), ""};
  if (usable.entries.empty())
    usable.why_none = fmt::format("{}, but LibTorch sees no GPU ({})", promised, line.message);
  return usable;
}

std::vector<std::string> gpu_entries(std::size_t n) {
  std::vector<std::string> entries = listed_gpus().value_or(std::vector<std::string>{});
  if (!entries.empty()) {
    entries.resize(std::min(n, entries.size()));
    return entries;
  }
  for (std::size_t i = 0; i < n; ++i) entries.push_back(std::to_string(i));
  return entries;
}

int usable_cores() {
  cpu_set_t mask;
  if (::sched_getaffinity(0, sizeof mask, &mask) != 0) return 1;
  return std::max(1, CPU_COUNT(&mask));
}

std::vector<std::string> assign_gpus(const std::vector<std::string>& gpus, int local_rank,
                                     int n_workers) {
  std::vector<std::string> assigned(static_cast<std::size_t>(n_workers));
  if (gpus.empty()) return assigned;
  for (int worker = 0; worker < n_workers; ++worker) {
    const auto place = static_cast<std::size_t>(local_rank * n_workers + worker);
    assigned[static_cast<std::size_t>(worker)] = gpus[place % gpus.size()];
  }
  return assigned;
}

}  // namespace al_mpi
