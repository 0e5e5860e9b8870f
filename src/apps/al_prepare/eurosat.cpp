#include <memory>

#include "apps/al_prepare/commands.hpp"
#include "apps/al_prepare/image_options.hpp"
#include "apps/al_prepare/summary.hpp"
#include "apps/choice.hpp"
#include "tools/prepare/classes/class_folders.hpp"

namespace al_mpi {

void add_eurosat(CLI::App& app, Run& run) {
  auto import = std::make_shared<ClassFolderImport>();
  auto* command = app.add_subcommand(
      "eurosat", "Imports one folder a class of GeoTIFF, JPEG or PNG images (EuroSAT's layout)");
  command
      ->add_option("DIR", import->folder,
                   "folder (or zip file, read as it is) that holds one folder a class")
      ->required();
  command->add_option("--output", import->output, "dataset file to write")->required();
  auto* split =
      command
          ->add_option(
              "--split", import->split.split,
              "pool: balanced or unbalanced (the published study's ten classes), all, "
              "counts=N,N,... in the order of the sorted class names, or given (DIR holds folders "
              "train, test and, where wanted, val), longitude (from west to east pool, validation, "
              "test) or blocks=KM (squares of that side lie in one split)")
          ->capture_default_str();
  command
      ->add_option(
          "--split-files", import->split_files,
          "a given split: TRAIN [VAL] TEST, files with the name of an image a line; folder "
          "and extension do not matter")
      ->expected(2, 3)
      ->excludes(split);
  command
      ->add_option(
          "--test", import->split.n_test,
          "test images, stratified by class (default 1080, fewer where there are fewer images; by "
          "place 20 %, not stratified)")
      ->check(CLI::PositiveNumber);
  command->add_option("--validation", import->split.n_validation, "validation images, stratified")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--seed", import->split.seed, "which images go where")->capture_default_str();
  add_choice(*command, "--class-from", import->class_from,
             "top: folders right below DIR are the classes, whatever lies below them; parent: the "
             "folder that an image lies in (default: top, unless that is doubtful)");
  add_image_options(*command, import->images);
  command->add_flag("--allow-missing-classes", import->allow_missing_classes,
                    "accept classes that are in the test set, but not in the pool");
  command->add_option("--licence", import->licence, "noted in the file")->capture_default_str();
  command->add_flag("--force", import->force, "replace an existing output file");
  command->callback([import, &run] {
    run = [import] {
      const ClassFolderSummary summary = import_class_folders(*import);
      if (summary.scale < 1.0) {
        fmt::print(
            stderr,
            "the folders hold fewer images than the published split: all counts times {:.3f}\n",
            summary.scale);
      }
      print_notes(summary.notes);
      print_import(import->output);
      return ExitCode::ok;
    };
  });
}

}  // namespace al_mpi
