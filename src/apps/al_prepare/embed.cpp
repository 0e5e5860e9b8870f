#include "tools/prepare/embed.hpp"

#include <memory>

#include "apps/al_prepare/commands.hpp"
#include "apps/al_prepare/summary.hpp"

namespace al_mpi {

void add_embed(CLI::App& app, Run& run) {
  auto request = std::make_shared<EmbedRequest>();
  auto* command =
      app.add_subcommand("embed", "Stores a frozen embedding of every image in a dataset file");
  command->add_option("FILE", request->file, "dataset file")->required();
  command->add_option("--name", request->name, "name of the embedding in the file")->required();
  command->add_flag("--bands", "band statistics and texture, 7 numbers a band; needs no network")
      ->required();
  command->add_flag("--l2", request->normalize, "scale every row to L2 norm 1");
  command->add_flag("--force", request->force, "replace an embedding of this name");
  command->callback([request, &run] {
    run = [request] {
      embed_bands(*request);
      fmt::print("{}; embedding {} added\n", summary_line(request->file), request->name);
      return ExitCode::ok;
    };
  });
}

}  // namespace al_mpi
