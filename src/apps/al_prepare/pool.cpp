#include <memory>

#include "apps/al_prepare/commands.hpp"
#include "apps/al_prepare/image_options.hpp"
#include "apps/al_prepare/summary.hpp"
#include "apps/choice.hpp"
#include "tools/prepare/pool.hpp"

namespace al_mpi {

void add_pool(CLI::App& app, Run& run) {
  auto import = std::make_shared<PoolImport>();
  auto* command = app.add_subcommand(
      "pool", "Collects tiles that people will label (al_trial ask), of a folder or of a scene");
  command
      ->add_option("SOURCE", import->source,
                   "folder or zip file of tiles of one size, at any depth; or one image, a scene "
                   "that is cut into tiles")
      ->required();
  command->add_option("--output", import->output, "dataset file to write")->required();
  command->add_option("--tile", import->tile, "of a scene: height and width of the tiles [pixels]")
      ->capture_default_str();
  command
      ->add_option("--overlap", import->overlap, "of a scene: pixels that neighbouring tiles share")
      ->capture_default_str();
  add_choice(*command, "--edges", import->edges,
             "of a scene, what remains at right and bottom borders: drop, overlap (tiles moved "
             "inwards), or pad (tiles filled up with 'no data')");
  command->add_option("--labels", import->labels,
                      "labels that are known already: CSV with the columns name and class, or any "
                      "other file that al_trial tell takes");
  command
      ->add_option("--classes", import->classes, "classes that answers may name, comma-separated")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_image_options(*command, import->images);
  command->add_option("--licence", import->licence, "noted in the file");
  command->add_flag("--force", import->force, "replace an existing output file");
  command->callback([import, &run] {
    run = [import] {
      const PoolSummary summary = import_pool(*import);
      print_notes(summary.notes);
      fmt::print("{} tiles, {} of them labelled, {} with a place on Earth\n{}\n", summary.n_tiles,
                 summary.n_labeled, summary.n_placed, summary_line(import->output));
      return ExitCode::ok;
    };
  });
}

}  // namespace al_mpi
