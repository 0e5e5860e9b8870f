#include "scripted_network.hpp"

#include <algorithm>

#include <ATen/ops/allclose.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/inliner.h>

#include "script_module.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

/// The parameter that a value of the graph reads: self.a.b.weight, or an undefined tensor.
at::Tensor parameter_of(const torch::jit::Module& module, const torch::jit::Value* value) {
  std::vector<std::string> path;
  const torch::jit::Node* node = value->node();
  for (; node->kind() == c10::prim::GetAttr; node = node->input()->node()) {
    path.push_back(node->s(c10::attr::name));
  }
  if (path.empty()) return {};
  torch::jit::Module owner = module;
  for (std::size_t i = path.size() - 1; i > 0; --i) owner = owner.attr(path[i]).toModule();
  const c10::IValue found = owner.attr(path[0]);
  return found.isTensor() ? found.toTensor() : at::Tensor();
}

class ScriptedNetwork : public Network {
 public:
  explicit ScriptedNetwork(torch::jit::Module module) : module_(std::move(module)) {
    find_head();
    // Names with dots are not allowed here; the tensors are shared with the module.
    for (const auto& item : module_.named_parameters()) {
      register_parameter(slashed(item.name), item.value);
      if (item.value.is_same(weight_)) head_prefix_ = item.name.substr(0, item.name.rfind('.'));
    }
    for (const auto& item : module_.named_buffers())
      register_buffer(slashed(item.name), item.value);
    std::replace(head_prefix_.begin(), head_prefix_.end(), '.', '/');
  }

  std::vector<at::Tensor> encode(const at::Tensor& images) override {
    std::vector<c10::IValue> inputs = {module_._ivalue(), images};
    return {(*encoder_)(std::move(inputs)).toTensor()};
  }

  at::Tensor decode(const std::vector<at::Tensor>& features) override {
    return at::linear(features.back(), weight_, bias_);
  }

  LinearHead head() const override {
    return {weight_, bias_.defined() ? bias_ : at::zeros({weight_.size(0)}, weight_.options())};
  }

  bool in_trunk(const std::string& parameter) const override {
    return parameter.rfind(head_prefix_ + "/", 0) != 0;
  }

  using Network::to;
  void to(at::Device device, bool /*non_blocking*/) override {
    put_on(module_, device);  // its tensors are this network's
    put_on(*graph_->block(), device);
    make_encoder();
  }

  void train(bool on) override {
    torch::nn::Module::train(on);
    module_.train(on);
    for (torch::jit::Module part : module_.modules()) {
      const auto name = part.type()->name();
      if (name && name->name().find("Dropout") != std::string::npos) part.eval();
    }
  }

 private:
  static std::string slashed(std::string name) {
    std::replace(name.begin(), name.end(), '.', '/');
    return name;
  }

  /// Cuts forward() at the input of its last linear layer.
  void find_head() {
    auto graph = module_.get_method("forward").graph()->copy();
    torch::jit::Inline(*graph);
    torch::jit::Node* last = nullptr;
    for (torch::jit::Node* node : graph->nodes()) {
      if (node->kind() == c10::aten::linear) last = node;
    }
    if (last == nullptr)
      throw std::invalid_argument("its forward() has no linear layer at its top level");
    weight_ = parameter_of(module_, last->input(1));
    bias_ = parameter_of(module_, last->input(2));
    if (!weight_.defined())
      throw std::invalid_argument("its last linear layer has no weight of its own");
    while (!graph->outputs().empty()) graph->eraseOutput(graph->outputs().size() - 1);
    graph->registerOutput(last->input(0));
    torch::jit::EliminateDeadCode(graph);
    graph_ = graph;
    make_encoder();
  }

  /// Makes the function of encode(). It is made anew after a change of the graph, since a function
  /// keeps what it has compiled.
  void make_encoder() {
    encoder_ = std::make_shared<torch::jit::GraphFunction>("encode", graph_->copy(), nullptr);
  }

  mutable torch::jit::Module module_;
  std::shared_ptr<torch::jit::Graph> graph_;  ///< of encode()
  std::shared_ptr<torch::jit::GraphFunction> encoder_;
  at::Tensor weight_, bias_;
  std::string head_prefix_;
};

/// The logits of forward(): its result, or the second of two.
at::Tensor own_logits(torch::jit::Module& module, const at::Tensor& images) {
  const c10::IValue out = module.forward({images});
  return out.isTuple() ? out.toTupleRef().elements().at(1).toTensor() : out.toTensor();
}

void try_out(const std::string& path, torch::jit::Module module, Network& network,
             const at::Tensor& images, std::int64_t n_classes) {
  const at::NoGradGuard no_grad;
  module.eval();
  network.eval();
  const at::Tensor expected = own_logits(module, images);
  if (expected.dim() != 2 || (n_classes > 0 && expected.size(1) != n_classes)) {
    throw DataError(path, "",
                    fmt::format("returns [{}] where [batch, {}] logits are wanted (the "
                                "dataset has {} classes)",
                                fmt::join(expected.sizes(), ", "), n_classes, n_classes));
  }
  if (!at::allclose(network.decode(network.encode(images)), expected, 1e-3, 1e-4)) {
    throw DataError(path, "", "its logits are not the output of its last linear layer");
  }
}

/// Whether a node of the graph computes as in training, whatever eval() says: a trace keeps that as
/// a constant.
bool always_trains(const torch::jit::Block* block) {
  for (const torch::jit::Node* node : block->nodes()) {
    const std::string kind = node->kind().toQualString();
    const bool norm = kind == "aten::batch_norm" || kind == "aten::instance_norm";
    const bool dropout = kind.find("dropout") != std::string::npos && kind.rfind("aten::", 0) == 0;
    const std::size_t at = norm ? 5 : 2;
    if ((norm || dropout) && node->inputs().size() > at) {
      const auto training = torch::jit::toIValue(node->input(at));
      const bool on = training && training->isBool() && training->toBool();
      if (on && kind != "aten::instance_norm") return true;
    }
    for (const torch::jit::Block* inner : node->blocks()) {
      if (always_trains(inner)) return true;
    }
  }
  return false;
}

/// Bands of the images that its first convolution takes; 0 where that is not known.
std::int64_t bands_of(const torch::jit::Module& module) {
  for (const auto& item : module.named_parameters()) {
    if (item.value.dim() == 4) return item.value.size(1);
  }
  return 0;
}

/// What LibTorch says at the end of its traceback.
std::string reason_of(const std::string& message) {
  const std::string mark = "RuntimeError: ";
  const std::size_t at = message.rfind(mark);
  const std::string reason = at == std::string::npos ? message : message.substr(at + mark.size());
  return reason.substr(0, reason.find('\n'));
}

}  // namespace

NetworkPtr load_scripted(const std::string& path, const NetworkShape& shape, std::int64_t height,
                         std::int64_t width) {
  torch::jit::Module module = load_module(path);
  try {
    module.eval();
    auto graph = module.get_method("forward").graph()->copy();
    torch::jit::Inline(*graph);
    if (always_trains(graph->block())) {
      throw DataError(path, "",
                      "was traced in training mode, so it would normalise by batches and drop "
                      "features for ever (call net.eval() before torch.jit.trace)");
    }
    const auto network = std::make_shared<ScriptedNetwork>(module);
    try_out(path, module, *network, at::ones({2, shape.bands, height, width}), shape.n_classes);
    return network;
  } catch (const DataError&) {
    throw;
  } catch (const std::exception& error) {
    const std::int64_t bands = bands_of(module);
    const std::string other =
        bands > 0 && bands != shape.bands
            ? fmt::format("its first convolution takes {} bands, the dataset has {}", bands,
                          shape.bands)
            : reason_of(error.what());
    throw DataError(path, "",
                    fmt::format("does not work on images [batch, {}, {}, {}] ({})", shape.bands,
                                height, width, other));
  }
}

}  // namespace al_mpi
