#include "tools/prepare/tensors.hpp"

#include <memory>

#include "apps/al_prepare/commands.hpp"
#include "apps/al_prepare/image_options.hpp"
#include "apps/al_prepare/summary.hpp"
#include "apps/choice.hpp"

namespace al_mpi {

void add_tensors(CLI::App& app, Run& run) {
  auto import = std::make_shared<TensorImport>();
  auto* command = app.add_subcommand(
      "tensors", "Imports arrays: tensors of torch.save (one a file) or .npy (the study's files)");
  command->add_option("--train-x", import->train_x, "images of the pool (N, C, H, W; --layout)")
      ->required();
  command
      ->add_option("--train-y", import->train_y,
                   "their classes: (N), one-hot (N, K), or (N, H, W) a pixel")
      ->required();
  command->add_option("--test-x", import->test_x, "test images")->required();
  command->add_option("--test-y", import->test_y, "their classes")->required();
  command->add_option("--embeddings", import->embeddings,
                      "frozen features of the pool (N, D); named after the file");
  command->add_option("--test-embeddings", import->test_embeddings, "the same of the test images");
  command->add_option("--output", import->output, "dataset file to write")->required();
  command
      ->add_option(
          "--classes", import->classes,
          "names of the values 0, 1, ..., comma-separated, or VALUE=NAME,... (default: a class for "
          "each value that occurs)")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      ->add_option("--bands", import->bands,
                   "names, comma-separated (default: EuroSAT's for 13 channels, else band 1 ...)")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_choice(
      *command, "--layout", import->layout,
      "order of the images' dimensions: nchw or nhwc (default: nchw; what looks otherwise is "
      "refused)");
  command->add_flag("--allow-missing-classes", import->allow_missing_classes,
                    "accept classes that are in the test set, but not in the pool");
  command
      ->add_option("--ignore-label", import->ignore_label, "of pixels without a class (-1: none)")
      ->capture_default_str();
  command->add_option("--source", import->source, "noted in the file (default: --train-x)");
  command->add_option("--licence", import->licence, "noted in the file");
  command->add_flag("--force", import->force, "replace an existing output file");
  command->callback([import, &run] {
    run = [import] {
      print_notes(import_tensors(*import));
      print_import(import->output);
      return ExitCode::ok;
    };
  });
}

}  // namespace al_mpi
