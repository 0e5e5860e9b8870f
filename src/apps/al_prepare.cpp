#include "apps/al_prepare/commands.hpp"
#include "apps/app.hpp"
#include <al_mpi/base/log.hpp>

int main(int argc, char** argv) {
  al_mpi::start_logging();
  CLI::App app{"Makes dataset files for al_mpi and looks into them.", "al_prepare"};
  app.require_subcommand(1);
  al_mpi::Run run;
  al_mpi::add_eurosat(app, run);
  al_mpi::add_dynamic_world(app, run);
  al_mpi::add_synthetic(app, run);
  al_mpi::add_tensors(app, run);
  al_mpi::add_embed(app, run);
  al_mpi::add_costs(app, run);
  al_mpi::add_pretrain(app, run);
  al_mpi::add_pool(app, run);
  al_mpi::add_describe(app, run);
  return al_mpi::run_app(app, argc, argv, [&] { return run(); });
}
