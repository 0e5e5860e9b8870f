#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <al_mpi/base/device_kind.hpp>
#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

AL_ENUM(EngineLineType, ready, alive, round, done, stopped, failed, devices)
/// The kind of failure that an engine reports. A trial with a runtime failure is tried again, one
/// with wrong settings is not, and data that cannot be read counts against the host first.
AL_ENUM(EngineFailure, runtime, config, data)

/// A line that the engine wrote (docs/protocols.md). Fields that its type does not carry stay
/// empty.
struct EngineLine {
  using Type = EngineLineType;
  using Failure = EngineFailure;

  Type type = Type::alive;
  std::string key;                     ///< TrialSpec::key(); empty where no trial is meant
  double seconds = 0.0;                ///< done
  Failure failure = Failure::runtime;  ///< failed
  std::string message;                 ///< failed: one line; devices: why there is no GPU
  std::string device;                  ///< ready: "cpu", "cuda:NAME (UUID), ..."
  std::vector<std::string> gpus;       ///< devices: the names of those it can use
  std::string libtorch;                ///< ready: its version

  bool runs_on(DeviceKind wanted) const;  ///< whether its device is of this kind
};

/// Whether `line` is the engine's line about a round. It only searches for the type, and parses
/// nothing.
bool is_round_line(std::string_view line);

/// Throws DataError if `line` is no JSON object, has no known type, or a field of another type.
/// A round's record is not looked at; parse_round() reads it.
EngineLine parse_engine_line(const std::string& line);

/// A RoundRecord from its JSON (other fields are passed over). Throws DataError with the name of
/// the missing or mistyped field.
RoundRecord parse_round(std::string_view line);

/// Versions and dataset of rank 0, which the engine of every host must have, too. Empty fields are
/// not compared.
struct Expected {
  std::string version;   ///< of al_mpi
  std::string libtorch;  ///< its version
  std::string dataset;   ///< fingerprint of the dataset file
};

/// What `configure` tells an engine.
struct EngineConfiguration {
  std::string yaml;             ///< the resolved configuration
  std::string settings = "{}";  ///< a JSON object: those that shape results, by their paths
  DeviceKind device = DeviceKind::auto_;
  int threads = 1;  ///< CPU threads a trial
  Expected expected = {};
  std::string fingerprint = {};  ///< of the settings and an own engine: a checkpoint belongs to one
};

// The requests to the engine, without the newline.
std::string configure_line(const EngineConfiguration& configuration);
std::string run_line(const TrialSpec& spec, int attempt, const std::string& checkpoint);
std::string drain_line();

}  // namespace al_mpi
