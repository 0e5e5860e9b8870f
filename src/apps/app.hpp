#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/paths.hpp>
#include <al_mpi/base/standard_streams.hpp>
#include <al_mpi/io/hdf5.hpp>
#include <al_mpi/version.hpp>

namespace al_mpi {

/// "al_trial 0.1.0 (git 1a2b3c4, LibTorch 1.13.0)".
inline std::string version_line(const std::string& program) {
  return fmt::format("{} {} (git {}, LibTorch {})", program, version, git_description,
                     libtorch_version);
}

/// Parses the command line and runs `run`, which returns the exit code. Every error is one line on
/// standard error, "program: problem", and the documented exit code; never a stack trace. `quiet`:
/// another rank of this job says the same.
inline int run_app(CLI::App& app, int argc, char** argv, const std::function<ExitCode()>& run,
                   bool quiet = false) {
  const auto fail = [&](const std::string& message, ExitCode code) {
    if (!quiet) {
      fmt::print(stderr, "{}: {}\n", app.get_name(), message);
    } else {  // mpirun ends the job with the first rank that fails: let the one that tells be it
      std::this_thread::sleep_for(std::chrono::seconds(5));
    }
    return static_cast<int>(code);
  };
  outlive_readers();
  contain_hdf5_crashes();
  app.set_version_flag("--version", version_line(app.get_name()));
  try {
    auto arguments = expanded_arguments(argc, argv);
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app.parse(std::move(arguments));
    const ExitCode code = run();
    flush_output();
    return static_cast<int>(code);
  } catch (const CLI::Success& success) {  // --help, --version
    return quiet ? 0 : app.exit(success);
  } catch (const CLI::ParseError& error) {
    return fail(fmt::format("{} (see {} --help)", error.what(), app.get_name()), ExitCode::config);
  } catch (const Error& error) {
    return fail(error.what(), error.code());
  } catch (const std::exception& error) {
    return fail(error.what(), ExitCode::internal);
  }
}

}  // namespace al_mpi
