#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <sched.h>

#include <al_mpi/farm/devices.hpp>

namespace al_mpi {

std::vector<std::string> visible_gpus() {
  std::vector<std::string> gpus;
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) {
    std::istringstream entries(visible);
    for (std::string entry; std::getline(entries, entry, ',');) {
      // CUDA itself stops at the first entry that names no device ("-1", "NoDevFiles").
      if (entry.empty() || entry[0] == '-' || entry[0] == 'N') break;
      gpus.push_back(entry);
    }
    return gpus;
  }
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/dev", ignored)) {
    const std::string name = entry.path().filename();
    const bool numbered =
        name.size() > 6 && name.rfind("nvidia", 0) == 0 &&
        std::all_of(name.begin() + 6, name.end(), [](unsigned char c) { return std::isdigit(c); });
    if (numbered) gpus.push_back(std::to_string(gpus.size()));
  }
  return gpus;
}

int usable_cores() {
  cpu_set_t mask;
  if (::sched_getaffinity(0, sizeof mask, &mask) != 0) return 1;
  return std::max(1, CPU_COUNT(&mask));
}

std::vector<std::string> assign_gpus(const std::vector<std::string>& gpus, int local_rank,
                                     int n_workers, int workers_per_gpu) {
  std::vector<std::string> assigned(static_cast<std::size_t>(n_workers));
  if (gpus.empty()) return assigned;
  for (int slot = 0; slot < n_workers; ++slot) {
    const int place = (local_rank * n_workers + slot) / workers_per_gpu;
    assigned[static_cast<std::size_t>(slot)] = gpus[static_cast<std::size_t>(place) % gpus.size()];
  }
  return assigned;
}

}  // namespace al_mpi
