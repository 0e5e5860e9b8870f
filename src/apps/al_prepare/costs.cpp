#include "tools/prepare/costs.hpp"

#include <memory>

#include "apps/al_prepare/commands.hpp"
#include "apps/al_prepare/summary.hpp"

namespace al_mpi {

void add_costs(CLI::App& app, Run& run) {
  auto request = std::make_shared<CostsRequest>();
  auto* command =
      app.add_subcommand("costs", "Stores in a dataset file what each label of the pool costs");
  command->add_option("FILE", request->file, "dataset file")->required();
  command
      ->add_option("COSTS", request->costs,
                   "CSV file with the columns name and cost; images that it does not name cost 1")
      ->required();
  command->add_flag("--force", request->force, "replace costs that are there");
  command->callback([request, &run] {
    run = [request] {
      const std::int64_t n_not_named = store_costs(*request);
      fmt::print("{}; costs added", summary_line(request->file));
      if (n_not_named > 0) fmt::print(", {} images are not named and cost 1", n_not_named);
      fmt::print("\n");
      return ExitCode::ok;
    };
  });
}

}  // namespace al_mpi
