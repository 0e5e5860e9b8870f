#include <memory>

#include "apps/al_prepare/commands.hpp"
#include "apps/al_prepare/summary.hpp"
#include "tools/prepare/class_folders.hpp"

namespace al_mpi {

void add_eurosat(CLI::App& app, Run& run) {
  auto import = std::make_shared<ClassFolderImport>();
  auto* command = app.add_subcommand(
      "eurosat", "Imports one folder a class of GeoTIFF, JPEG or PNG images (EuroSAT's layout)");
  command->add_option("DIR", import->folder, "folder that holds one folder a class")->required();
  command->add_option("--output", import->output, "dataset file to write")->required();
  command
      ->add_option("--split", import->split.split,
                   "pool: balanced or unbalanced (the published study's ten classes), all, or "
                   "counts=N,N,... in the order of the sorted class names")
      ->capture_default_str();
  command
      ->add_option(
          "--test", import->split.n_test,
          "test images, stratified by class (default 1080, fewer where there are fewer images)")
      ->check(CLI::PositiveNumber);
  command->add_option("--validation", import->split.n_validation, "validation images, stratified")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--seed", import->split.seed, "which images go where")->capture_default_str();
  command->add_option("--licence", import->licence, "noted in the file")->capture_default_str();
  command->add_flag("--force", import->force, "replace an existing output file");
  command->callback([import, &run] {
    run = [import] {
      const double scale = import_class_folders(*import);
      if (scale < 1.0) {
        fmt::print(
            stderr,
            "the folders hold fewer images than the published split: all counts times {:.3f}\n",
            scale);
      }
      fmt::print("{}\n", summary_line(import->output));
      return ExitCode::ok;
    };
  });
}

}  // namespace al_mpi
