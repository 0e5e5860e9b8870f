#include "results_commands.hpp"

#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <al_mpi/results/inspect.hpp>

namespace al_mpi {
namespace {

ExitCode verify(const std::string& file) {
  const Verification found = verify_results(file);
  for (const auto& note : found.notes) fmt::print("{}\n", note);
  for (const auto& problem : found.problems) fmt::print("PROBLEM {}\n", problem);
  fmt::print("{}\n", found.problems.empty()
                         ? "all is well"
                         : fmt::format("{} problems (what is lost is run again by "
                                       "the same command)",
                                       found.problems.size()));
  return found.problems.empty() ? ExitCode::ok : ExitCode::data;
}

}  // namespace

ResultsCommands::ResultsCommands(CLI::App& app)
    : verify_(app.add_subcommand("verify",
                                 "check journal, results file and checkpoints against each other")),
      journal_(app.add_subcommand("journal", "look into the journal")) {
  verify_->add_option("results", file_, "results file")->required()->type_name("RESULTS");
  CLI::App* print = journal_->add_subcommand("export", "print it as JSON lines");
  print->add_option("results", file_, "results file")->required()->type_name("RESULTS");
  journal_->require_subcommand(1);
}

bool ResultsCommands::parsed() const {
  return verify_->parsed() || journal_->parsed();
}

ExitCode ResultsCommands::run() const {
  if (verify_->parsed()) return verify(file_);
  const int damaged = export_journal(file_, std::cout);
  if (damaged > 0) fmt::print(stderr, "al_mpi: {} lines are damaged and left out\n", damaged);
  return damaged == 0 ? ExitCode::ok : ExitCode::data;
}

}  // namespace al_mpi
