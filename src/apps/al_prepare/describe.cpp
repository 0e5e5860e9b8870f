#include <memory>

#include <nlohmann/json.hpp>

#include "apps/al_prepare/commands.hpp"
#include <al_mpi/data/dataset.hpp>
#include <al_mpi/io/hdf5.hpp>

namespace al_mpi {
namespace {

using nlohmann::ordered_json;

/// Labels per class: images for classification, pixels for segmentation.
std::vector<std::int64_t> class_counts(const Split& split, std::int64_t n_classes) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(n_classes), 0);
  for (const std::int64_t label : split.labels) ++counts[static_cast<std::size_t>(label)];
  if (split.label_maps == nullptr) return counts;
  for (std::int64_t i = 0; i < split.n * split.height * split.width; ++i) {
    if (split.label_maps[i] < n_classes) ++counts[split.label_maps[i]];
  }
  return counts;
}

ordered_json describe_embeddings(const Hdf5File& file, const std::string& split_name,
                                 const Split& split) {
  ordered_json embeddings = ordered_json::object();
  for (const auto& [name, view] : split.embeddings) {
    const std::string path = fmt::format("/{}/embeddings/{}", split_name, name);
    ordered_json made = ordered_json::object();
    for (const auto& attribute : file.attributes(path)) {
      try {
        made[attribute] = file.text_attribute(path, attribute).value_or("");
      } catch (const DataError&) {  // not a text: another program's
        made[attribute] = nullptr;
      }
    }
    embeddings[name] = {{"dim", view.dim}, {"made_from", made}};
  }
  return embeddings;
}

ordered_json describe(const std::string& path) {
  const auto dataset = Dataset::open(path);
  const auto file = Hdf5File::open(path);
  ordered_json all = {{"file", path},
                      {"task", to_string(dataset->task)},
                      {"source", dataset->source},
                      {"licence", dataset->licence},
                      {"fingerprint", dataset->fingerprint()},
                      {"ignore_label", dataset->ignore_label},
                      {"classes", dataset->classes}};
  for (std::size_t b = 0; b < dataset->bands.size(); ++b) {
    all["bands"].push_back(
        {{"name", dataset->bands[b]}, {"mean", dataset->mean[b]}, {"std", dataset->std_dev[b]}});
  }
  for (const char* name : {"train", "validation", "test"}) {
    if (dataset->splits.count(name) == 0) continue;
    const Split& split = dataset->splits.at(name);
    all["splits"][name] = {{"n", split.n},
                           {"shape", {split.channels, split.height, split.width}},
                           {"dtype", to_string(split.pixel_type)},
                           {"class_counts", class_counts(split, dataset->n_classes())},
                           {"embeddings", describe_embeddings(file, name, split)}};
  }
  return all;
}

void print_splits(const ordered_json& all) {
  for (const auto& [name, split] : all["splits"].items()) {
    const auto shape = split["shape"].get<std::vector<int>>();
    fmt::print("{:<12} {} images, {} x {} x {} {}\n", name, split["n"].get<std::int64_t>(),
               shape[0], shape[1], shape[2], split["dtype"].get<std::string>());
  }
}

void print_classes(const ordered_json& all) {
  const bool pixels = all["task"] == "segmentation";
  fmt::print("\n{:<24}", pixels ? "class [pixels]" : "class [images]");
  for (const auto& [name, split] : all["splits"].items()) fmt::print("{:>14}", name);
  const auto& classes = all["classes"];
  for (std::size_t k = 0; k < classes.size(); ++k) {
    const bool ignored = all["ignore_label"] == static_cast<std::int64_t>(k);
    fmt::print("\n{:<24}", fmt::format("{} {}{}", k, classes[k].get<std::string>(),
                                       ignored ? " (ignored)" : ""));
    for (const auto& [name, split] : all["splits"].items()) {
      fmt::print("{:>14}", split["class_counts"][k].get<std::int64_t>());
    }
  }
  fmt::print("\n");
}

void print_bands(const ordered_json& all) {
  fmt::print("\n{:<24}{:>14}{:>14}\n", "band", "mean", "std");
  for (const auto& band : all["bands"]) {
    fmt::print("{:<24}{:>14.2f}{:>14.2f}\n", band["name"].get<std::string>(),
               band["mean"].get<double>(), band["std"].get<double>());
  }
}

void print_embeddings(const ordered_json& all) {
  for (const auto& [name, embedding] : all["splits"]["train"]["embeddings"].items()) {
    fmt::print("\nembedding {}: {} numbers an image", name, embedding["dim"].get<std::int64_t>());
    for (const auto& [key, value] : embedding["made_from"].items()) {
      fmt::print("; {} {}", key, value.is_string() ? value.get<std::string>() : "?");
    }
    fmt::print("\n");
  }
}

void print_text(const ordered_json& all) {
  for (const char* key : {"file", "task", "source", "licence", "fingerprint"}) {
    fmt::print("{:<12} {}\n", key, all[key].get<std::string>());
  }
  print_splits(all);
  print_classes(all);
  print_bands(all);
  print_embeddings(all);
}

}  // namespace

void add_describe(CLI::App& app, Run& run) {
  struct Arguments {
    std::string file;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  auto* command = app.add_subcommand("describe", "Shows what a dataset file holds");
  command->add_option("FILE", arguments->file, "dataset file")->required();
  command->add_flag("--json", arguments->json, "for programs");
  command->callback([arguments, &run] {
    run = [arguments] {
      const ordered_json all = describe(arguments->file);
      if (arguments->json) {
        fmt::print("{}\n", all.dump(2, ' ', false, ordered_json::error_handler_t::replace));
      } else {
        print_text(all);
      }
      return ExitCode::ok;
    };
  });
}

}  // namespace al_mpi
