#include "tools/prepare/embeddings/pretrain.hpp"

#include <memory>
#include <thread>

#include "apps/al_prepare/commands.hpp"
#include "apps/choice.hpp"

namespace al_mpi {

void add_pretrain(CLI::App& app, Run& run) {
  auto request = std::make_shared<PretrainRequest>();
  request->threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  PretrainOptions& options = request->options;
  auto* command = app.add_subcommand(
      "pretrain", "Trains an encoder on the pool's images without labels (contrastive)");
  command->add_option("FILE", request->file, "dataset file")->required();
  command->add_option("--output", request->output, "encoder to write, e.g. simclr.pt")->required();
  add_choice(*command, "--method", options.method, "simclr or moco (version 2)");
  command->add_option("--network", options.network, "resnet18, resnet34 or resnet50")
      ->check(CLI::IsMember({"resnet18", "resnet34", "resnet50"}))
      ->capture_default_str();
  const auto number = [&](const char* name, auto& value, const char* what,
                          const CLI::Validator& rule) {
    command->add_option(name, value, what)->check(rule)->capture_default_str();
  };
  const CLI::Range share(0.0, 1.0 - 1e-9), any(0.0, 1e9);
  number("--epochs", options.epochs, "passes over the pool", CLI::PositiveNumber);
  number("--batch", options.batch_size, "images a step, two views each", CLI::Range(2, 1 << 20));
  number("--learning-rate", options.learning_rate, "highest, of AdamW", CLI::PositiveNumber);
  number("--weight-decay", options.weight_decay, "of AdamW", any);
  number("--warmup", options.warmup, "share of the steps in which the learning rate rises", share);
  number("--temperature", options.temperature, "of the loss", CLI::PositiveNumber);
  number("--queue", options.queue, "moco: keys to compare with", CLI::PositiveNumber);
  number("--key-momentum", options.key_momentum, "moco: of the key network", share);
  number("--projection", options.projection, "width of the projections", CLI::PositiveNumber);
  number("--seed", options.seed, "weights, order and views", CLI::NonNegativeNumber);
  add_choice(*command, "--precision", options.precision, "fp32, tf32 (GPUs) or bf16 (autocast)");
  command->add_option("--device", options.device, "cpu, cuda, cuda:N or auto")
      ->capture_default_str();
  number("--threads", request->threads, "of this process; the last bits depend on it",
         CLI::Range(1, 1024));
  number("--checkpoint-every", request->checkpoint_every, "seconds", any);
  command->add_flag("--force", request->force, "replace the output, forget a checkpoint");
  command->callback([request, &run] {
    run = [request] {
      const auto [before, after] = pretrain(*request);
      fmt::print("{}: encoder of {} epochs", request->output, request->options.epochs);
      if (after.knn > 0) {
        fmt::print("; on /test: k-NN accuracy {:.4f}, linear probe {:.4f}", after.knn,
                   after.linear);
      }
      if (before.knn > 0) {
        fmt::print(" (random weights: {:.4f}, {:.4f})", before.knn, before.linear);
      }
      fmt::print("\n");
      return ExitCode::ok;
    };
  });
}

}  // namespace al_mpi
