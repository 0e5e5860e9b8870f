#include "tools/prepare/embeddings/embed.hpp"

#include <memory>
#include <thread>

#include "apps/al_prepare/commands.hpp"
#include "apps/al_prepare/summary.hpp"
#include "apps/choice.hpp"
#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/model/device.hpp>
#include <al_mpi/model/process.hpp>

namespace al_mpi {
namespace {

struct EmbedArguments {
  EmbedRequest request;
  EncoderSource source;
  EmbedOptions options;
  bool bands = false, texture = false, random = false;
  std::string weights, torchscript, contrastive;
};

void embed(EmbedArguments& arguments) {
  tune_process(/*threads=*/1);  // each worker is one
  if (arguments.bands) return embed_bands(arguments.request);
  if (arguments.texture) return embed_texture(arguments.request);
  EncoderSource& source = arguments.source;
  source.network = network_name(source.network, "--network");
  source.device = available_device(source.device);
  for (const auto& [kind, file] : {std::pair(EncoderKind::weights, arguments.weights),
                                   std::pair(EncoderKind::torchscript, arguments.torchscript),
                                   std::pair(EncoderKind::contrastive, arguments.contrastive)}) {
    if (!file.empty()) {
      source.kind = kind;
      source.file = file;
    }
  }
  embed_network(arguments.request, source, arguments.options);
}

void add_sources(CLI::App& command, EmbedArguments& arguments) {
  auto* sources = command.add_option_group("what from (one of these)");
  sources->add_flag("--bands", arguments.bands,
                    "statistics of each band, 7 numbers; needs no network");
  sources->add_flag("--texture", arguments.texture,
                    "colours, gradients and local patterns, 112 numbers of three bands; needs no "
                    "network");
  sources->add_flag("--random", arguments.random, "a network of random weights, for comparison");
  sources->add_option("--weights", arguments.weights,
                      "a network's weights (torch.save, .safetensors, TorchScript)");
  sources->add_option("--contrastive", arguments.contrastive, "an encoder of al_prepare pretrain");
  sources->add_option("--torchscript", arguments.torchscript, "a module traced in Python");
  sources->require_option(1);
}

}  // namespace

void add_embed(CLI::App& app, Run& run) {
  auto arguments = std::make_shared<EmbedArguments>();
  EmbedRequest& request = arguments->request;
  EncoderSource& source = arguments->source;
  arguments->options.workers = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  auto* command =
      app.add_subcommand("embed", "Stores a frozen embedding of every image in a dataset file");
  command->add_option("FILE", request.file, "dataset file")->required();
  command->add_option("--name", request.name, "name of the embedding in the file")->required();
  add_sources(*command, *arguments);
  command->add_option("--network", source.network, "of --weights and --random")
      ->capture_default_str();
  add_choice(*command, "--first-conv", source.first_conv,
             "--weights of RGB images: inflate its first kernels, or reinit (random)");
  command->add_option("--features", source.method,
                      "--torchscript: the method that returns features (default: the input of the "
                      "last linear layer)");
  command->add_option("--seed", source.seed, "--random")->capture_default_str();
  add_choice(*command, "--precision", source.precision, "fp32, tf32 (GPUs) or bf16 (autocast)");
  command->add_option("--device", source.device, "cpu, cuda, cuda:N or auto")
      ->capture_default_str();
  command->add_option("--workers", arguments->options.workers, "threads; changes no number")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_flag("--l2", request.normalize, "scale every row to L2 norm 1");
  command->add_flag("--force", request.force, "replace an embedding of this name");
  command->callback([arguments, &run] {
    run = [arguments] {
      const EmbedRequest& made = arguments->request;
      embed(*arguments);
      fmt::print("{}; embedding {} added", summary_line(made.file), made.name);
      const QualityFigure quality = embedding_quality(made.file, made.name);
      if (quality.knn > 0) {
        fmt::print("; on /test: k-NN accuracy {:.4f}, linear probe {:.4f}", quality.knn,
                   quality.linear);
      }
      fmt::print("\n");
      return ExitCode::ok;
    };
  });
}

}  // namespace al_mpi
