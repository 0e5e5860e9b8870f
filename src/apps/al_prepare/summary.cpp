#include "apps/al_prepare/summary.hpp"

#include <fmt/format.h>

#include "apps/al_prepare/image_options.hpp"
#include <al_mpi/data/dataset_facts.hpp>
#include <al_mpi/data/label_pool.hpp>

namespace al_mpi {

std::string summary_line(const std::string& path) {
  const auto dataset = open_dataset_or_pool(path);
  const Split& train = dataset->train();
  std::string sizes;
  for (const char* name : {"train", "validation", "test"}) {
    const auto split = dataset->splits.find(name);
    if (split == dataset->splits.end()) continue;
    sizes += fmt::format("{}{} {}", sizes.empty() ? "" : ", ", name, split->second.n);
  }
  return fmt::format("{}: {}, {} classes; {}; {} images of {} x {} x {}; fingerprint {}", path,
                     name_of(dataset->task), dataset->n_classes(), sizes, name_of(train.pixel_type),
                     train.channels, train.height, train.width, dataset->fingerprint());
}

void print_import(const std::string& path) {
  const auto dataset = open_dataset_or_pool(path);
  const DatasetFacts facts = facts_of(*dataset);
  print_notes(cautions(*dataset, facts));
  for (const auto& line : leak_report(*dataset, facts)) fmt::print("{}\n", line);
  fmt::print("{}\n", summary_line(path));
}

}  // namespace al_mpi
