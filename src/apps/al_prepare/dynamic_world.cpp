#include <memory>

#include "apps/al_prepare/commands.hpp"
#include "apps/al_prepare/summary.hpp"
#include "tools/prepare/label_rasters.hpp"

namespace al_mpi {

void add_dynamic_world(CLI::App& app, Run& run) {
  auto import = std::make_shared<LabelRasterImport>();
  auto* command = app.add_subcommand(
      "dynamic-world", "Imports pairs of images and label rasters (Dynamic World's classes)");
  command->add_option("--images", import->images, "folder of images, any depth")->required();
  command->add_option("--labels", import->labels, "folder of uint8 label rasters of the same names")
      ->required();
  command->add_option("--output", import->output, "dataset file to write")->required();
  command->add_option("--tile", import->tile, "images are cut into tiles of so many pixels")
      ->capture_default_str();
  command
      ->add_option("--test", import->n_test,
                   "test tiles; whole images go to the test set (default: a third)")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--min-labeled", import->min_labeled,
                   "leave out tiles with a smaller share of labelled pixels")
      ->capture_default_str();
  command->add_option("--seed", import->seed, "which images are the test set")
      ->capture_default_str();
  command->add_option("--source", import->source, "noted in the file; say who made the labels")
      ->capture_default_str();
  command->add_option("--licence", import->licence, "noted in the file");
  command->add_flag("--force", import->force, "replace an existing output file");
  command->callback([import, &run] {
    run = [import] {
      const auto summary = import_label_rasters(*import);
      if (summary.n_dropped > 0) {
        fmt::print(stderr, "{} tiles left out: too few labelled pixels\n", summary.n_dropped);
      }
      fmt::print("{}\n", summary_line(import->output));
      return ExitCode::ok;
    };
  });
}

}  // namespace al_mpi
