#include <memory>

#include <fmt/ranges.h>

#include "apps/al_prepare/commands.hpp"
#include "apps/al_prepare/image_options.hpp"
#include "apps/al_prepare/summary.hpp"
#include "apps/choice.hpp"
#include "tools/prepare/labels/label_rasters.hpp"
#include "tools/prepare/labels/legends.hpp"

namespace al_mpi {

void add_dynamic_world(CLI::App& app, Run& run) {
  auto import = std::make_shared<LabelRasterImport>();
  auto* command = app.add_subcommand(
      "dynamic-world",
      "Imports pairs of images and label rasters (Dynamic World's classes, or others)");
  command->add_option("--images", import->images, "folder of images, any depth")->required();
  command->add_option("--labels", import->labels, "folder of label rasters of the same names")
      ->required();
  command->add_option("--output", import->output, "dataset file to write")->required();
  command->add_option("--tile", import->tile, "images are cut into tiles of so many pixels")
      ->capture_default_str();
  add_choice(
      *command, "--edges", import->edges,
      "what remains at right and bottom borders: drop, overlap (tiles moved inwards), or pad "
      "(tiles filled up with 'no data')");
  std::vector<std::string> names;
  for (const LabelLegend& legend : legends()) names.push_back(legend.name);
  command->add_option(
      "--label-values", import->label_values,
      fmt::format("what the labels' values mean: {} (default: dynamic-world, 0 = no data)",
                  fmt::join(names, ", ")));
  command
      ->add_option("--classes", import->classes,
                   "any other legend: VALUE=NAME,... (a name 'no data' = no class)")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_image_options(*command, import->image_options);
  command->add_flag("--allow-missing-classes", import->allow_missing_classes,
                    "accept classes that are in the test set, but not in the pool");
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
      print_notes(summary.notes);
      print_import(import->output);
      return ExitCode::ok;
    };
  });
}

}  // namespace al_mpi
