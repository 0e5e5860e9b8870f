#include "job_end.hpp"

#include <cstdlib>
#include <ctime>
#include <limits>
#include <optional>
#include <string>

#include <spdlog/spdlog.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/sweep/progress.hpp>

namespace al_mpi {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();
constexpr double century = 3.2e9;  // seconds

/// The variables that hold the end of a job. Batch systems without one (PBS, LSF, SGE, Flux) send a
/// signal first, or their job script sets the first of these.
struct Source {
  const char *end, *start;
};
constexpr Source sources[] = {{"AL_MPI_JOB_END", "AL_MPI_JOB_START"},
                              {"SLURM_JOB_END_TIME", "SLURM_JOB_START_TIME"},
                              {"COBALT_ENDTIME", "COBALT_STARTTIME"}};

std::optional<double> time_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr || *text == '\0') return std::nullopt;
  char* rest = nullptr;
  const double time = std::strtod(text, &rest);
  return *rest == '\0' ? time : std::numeric_limits<double>::quiet_NaN();
}

/// Why `end` is no end of a job that runs `now`; empty where it may be one.
std::string objection(double end, double now) {
  if (!(end > 0 && end < now + century)) return "is no time in seconds since 1970";
  if (end <= now) return fmt::format("lies {} in the past", human_duration(now - end));
  return "";
}

}  // namespace

double job_end(double drain_margin) {
  const auto now = static_cast<double>(std::time(nullptr));
  for (const auto& [variable, start_variable] : sources) {
    const std::optional<double> end = time_in(variable);
    if (!end) continue;
    if (const std::string why = objection(*end, now); !why.empty()) {
      spdlog::warn("{}={} {}: it is ignored", variable, std::getenv(variable), why);
      continue;
    }
    const double start = time_in(start_variable).value_or(-never);
    if (start <= now && *end - start <= drain_margin) {
      throw ConfigError(
          "farm.drain_margin",
          fmt::format("the job lasts {} in all ({}), and {} before its end nothing "
                      "more is begun: give the job more time, or set this lower",
                      human_duration(*end - start), variable, human_duration(drain_margin)));
    }
    if (*end - now < drain_margin) {
      spdlog::warn(
          "the job ends in {} ({}), sooner than farm.drain_margin ({}): nothing is begun any more; "
          "give the job more time, or set farm.drain_margin lower",
          human_duration(*end - now), variable, human_duration(drain_margin));
    }
    return *end;
  }
  return never;
}

}  // namespace al_mpi
