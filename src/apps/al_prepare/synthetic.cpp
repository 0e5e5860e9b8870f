#include <al_mpi/data/synthetic.hpp>

#include <cstring>
#include <memory>

#include "apps/al_prepare/commands.hpp"
#include "apps/al_prepare/summary.hpp"
#include "apps/choice.hpp"
#include <al_mpi/base/output_file.hpp>
#include <al_mpi/data/dataset_writer.hpp>

namespace al_mpi {
namespace {

void add_options(CLI::App& command, SyntheticOptions& options) {
  add_choice(command, "--task", options.task, "classification or segmentation");
  command.add_option("--train", options.n_train, "images of the pool")->capture_default_str();
  command.add_option("--test", options.n_test, "test images")->capture_default_str();
  command.add_option("--validation", options.n_validation, "validation images")
      ->capture_default_str();
  command.add_option("--classes", options.n_classes, "2 .. 10")->capture_default_str();
  command.add_option("--bands", options.n_bands, "1 .. 13, the first of B1..B12, B8A")
      ->capture_default_str();
  command.add_option("--tile", options.tile, "height and width [pixels]")->capture_default_str();
  command.add_option("--noise", options.noise, "difficulty; 0 = classes do not overlap")
      ->capture_default_str();
  command
      .add_option("--imbalance", options.imbalance,
                  "0 = equal classes, 1 = the rarest has a tenth of the commonest")
      ->capture_default_str();
  command.add_option("--seed", options.seed, "another seed, other scenes")->capture_default_str();
}

}  // namespace

void add_synthetic(CLI::App& app, Run& run) {
  struct Arguments {
    SyntheticOptions options;
    std::string output;
    bool force = false;
  };
  auto arguments = std::make_shared<Arguments>();
  auto* command = app.add_subcommand("synthetic", "Writes built-in Sentinel-2-like scenes");
  command->add_option("--output", arguments->output, "dataset file to write")->required();
  add_options(*command, arguments->options);
  command->add_flag("--force", arguments->force, "replace an existing output file");
  command->callback([arguments, &run] {
    run = [arguments] {
      refuse_to_overwrite(arguments->output, arguments->force);
      write_dataset(arguments->output, *make_synthetic(arguments->options));
      fmt::print("{}\n", summary_line(arguments->output));
      return ExitCode::ok;
    };
  });
}

}  // namespace al_mpi
