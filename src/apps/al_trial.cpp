// al_trial: the engine. Runs one trial from the command line, serves trials to a rank, applies a
// strategy to stored arrays, or a trained network to a scene; asks people in a labelling campaign.

#include "apps/al_trial/campaign.hpp"
#include "apps/al_trial/pick.hpp"
#include "apps/al_trial/predict.hpp"
#include "apps/al_trial/run.hpp"
#include "apps/al_trial/serve.hpp"
#include "apps/app.hpp"
#include <al_mpi/base/log.hpp>

using namespace al_mpi;

int main(int argc, char** argv) {
  start_logging("trial");
  CLI::App app{
      "Runs one active-learning trial: train, evaluate, query, label, again.\n"
      "Prints one JSON line a round.",
      "al_trial"};
  app.footer(
      "Examples:\n"
      "  al_trial configs/demo.yaml --strategy margin_sampling --init random --seed 1\n"
      "  al_trial configs/demo.yaml --strategy badge --seed 1 loop.n_rounds=2\n"
      "  al_trial pick --strategy margin_sampling --input predictions.h5 --n 32\n"
      "  al_trial predict --checkpoint trial.network --image scene.tif --output classes.tif\n"
      "  al_trial ask configs/campaign.yaml --campaign land; al_trial tell --campaign land FILE\n"
      "  al_trial --serve   (the engine of a worker: docs/protocols.md)");

  RunOptions run;
  bool serve = false;
  bool devices = false;
  app.add_flag("--serve", serve, "Take trials as JSON lines on standard input (docs/protocols.md)");
  app.add_flag("--devices", devices, "Print the GPUs that LibTorch can use, as a JSON line");
  add_run_options(app, run);

  PickOptions pick;
  CLI::App* pick_command = add_pick_command(app, pick);

  PredictOptions predict;
  CLI::App* predict_command = add_predict_command(app, predict);

  AskOptions ask;
  CLI::App* ask_command = add_ask_command(app, ask);
  TellOptions tell;
  CLI::App* tell_command = add_tell_command(app, tell);

  WhereOptions where;
  CLI::App* where_command = add_where_command(app, where);

  return run_app(app, argc, argv, [&] {
    if (where_command->parsed()) return run_where(where);
    if (ask_command->parsed()) return run_ask(ask);
    if (tell_command->parsed()) return run_tell(tell);
    if (pick_command->parsed()) return run_pick(pick);
    if (predict_command->parsed()) return run_predict(predict);
    if (devices) return print_devices();
    return serve ? serve_trials() : run_one(run);
  });
}
