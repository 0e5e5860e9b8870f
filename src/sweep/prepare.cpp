#include <al_mpi/base/log.hpp>
#include <al_mpi/data/dataset.hpp>
#include <al_mpi/data/dataset_facts.hpp>
#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/io/hdf5.hpp>
#include <al_mpi/sweep/sweep.hpp>
#include <al_mpi/sweep/workplace.hpp>
#include <al_mpi/version.hpp>

namespace al_mpi {

Sweep prepare_sweep(const SweepArguments& arguments) {
  Sweep sweep;
  SweepConfig& config = sweep.config;
  config = load_config(arguments.config, arguments.overrides);
  check_inputs(config);
  settle_device(config.farm);
  Provenance& about = sweep.provenance;
  // Where an own engine has data of its own, their task is all that is known of them.
  about.task = name_of(config.dataset.synthetic.task);
  if (config.farm.engine.command.empty() || !config.dataset.path.empty()) {
    sweep.dataset = load_dataset(config.dataset.path, config.dataset.synthetic);
    const auto& dataset = sweep.dataset;
    about.task = name_of(dataset->task);
    const Split& pool = dataset->train();
    check_against_dataset(config, pool.n, dataset->n_classes(), about.task,
                          {pool.height, pool.width});
    about.dataset_fingerprint = dataset->fingerprint();
    about.class_names = dataset->classes;
    if (dataset->task == Task::classification) {
      about.class_counts = class_counts(pool, dataset->n_classes());
    }
    const std::string absent =
        absent_from_test(*dataset, class_counts(dataset->test(), dataset->n_classes()));
    if (!absent.empty()) spdlog::warn("{}", absent);
  } else if (config.results.thumbnails > 0) {
    throw ConfigError("results.thumbnails",
                      "pictures are made from dataset.path, which an own engine with data of its "
                      "own does not have (set it to 0)");
  }
  const std::string& file = config.results.file;
  if (const auto stored = ResultsStore::stored_provenance(file)) {
    check_same_programs(stored->versions, config, file);
    check_same_settings(stored->config_yaml, config, file);
  }
  sweep.grid = expand(config);
  about.config_yaml = to_yaml(config);
  about.settings_fingerprint = settings_fingerprint(config);
  about.versions = {{"al_mpi", version},      {"git", git_description},
                    {"compiler", compiler},   {"libtorch", libtorch_version},
                    {"hdf5", hdf5_version()}, {"mpi", arguments.mpi_library}};
  for (const auto& program : program_versions(config)) about.versions.push_back(program);
  return sweep;
}

}  // namespace al_mpi
