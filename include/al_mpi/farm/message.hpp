#pragma once

#include <string>
#include <string_view>
#include <variant>

#include <al_mpi/base/error.hpp>
#include <al_mpi/farm/ending.hpp>

namespace al_mpi {

/// What ranks say to each other (docs/protocols.md). Workers are numbered within their rank, trials
/// as in the results file.
namespace message {

/// One start of a trial on a worker.
struct Start {
  int worker = 0;
  int trial = 0;
  int attempt = 1;
};

// --- reports: from a rank to rank 0 ---

/// The first message of a rank.
struct Hello {
  std::string host;
  int n_workers = 1;  ///< as many as the rank thinks right for its node
};
/// A worker has nothing to do.
struct Idle {
  int worker = 0;
  std::string device;  ///< what its engine runs on
};
/// The engine's line about a round, as it came.
struct Round {
  Start of;
  std::string line;
};
/// A start of a trial is over.
struct Ended {
  Start of;
  Ending ending = Ending::done;
  std::string why;       ///< one line; empty where nothing went wrong
  double seconds = 0.0;  ///< done: what the engine measured
};
/// A worker whose engine cannot be started.
struct Retired {
  int worker = 0;
  ExitCode code = ExitCode::internal;
  std::string why;
};
/// This rank got a signal that asks to drain.
struct DrainWish {};
struct Heartbeat {};

// --- orders: from rank 0 to a rank ---

/// The answer to Hello.
struct Configure {
  int n_workers = 1;
  std::string settings;  ///< configuration_text()
};
/// The answer to Idle, sooner or later.
struct Run {
  Start of;
  std::string key;      ///< TrialSpec::key(): what the engine must answer for
  std::string request;  ///< run_line()
};
/// The answer to Heartbeat.
struct Going {};
/// Begin nothing more; end the rounds in progress.
struct Drain {};
/// End the engines and leave.
struct Leave {
  ExitCode code = ExitCode::ok;
  bool rank_lost = false;  ///< MPI_Finalize might wait for it
};

}  // namespace message

using Report = std::variant<message::Hello, message::Idle, message::Round, message::Ended,
                            message::Retired, message::DrainWish, message::Heartbeat>;
using Order =
    std::variant<message::Configure, message::Run, message::Going, message::Drain, message::Leave>;
using Message = std::variant<Report, Order>;

/// The bytes of a message, for ranks that run the same build.
std::string encode(const Message& message);
/// Throws FarmError where `bytes` are none.
Message decode(std::string_view bytes);

}  // namespace al_mpi
