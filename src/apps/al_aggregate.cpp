#include "apps/app.hpp"

int main(int argc, char** argv) {
  CLI::App app{"", "al_aggregate"};
  return al_mpi::run_app(app, argc, argv, [] { return al_mpi::ExitCode::ok; });
}
