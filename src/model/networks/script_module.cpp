#include "script_module.hpp"

#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/serialization/import.h>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

void put_constant_on(torch::jit::Node& constant, const c10::Device& device) {
  if (!constant.hasAttribute(c10::attr::value)) return;  // None
  if (constant.kindOf(c10::attr::value) == torch::jit::AttributeKind::t) {
    constant.t_(c10::attr::value, constant.t(c10::attr::value).to(device));
  } else if (constant.output()->type()->kind() == c10::TypeKind::DeviceObjType) {
    constant.s_(c10::attr::value, device.str());
  }
}

}  // namespace

torch::jit::Module load_module(const std::string& path) {
  const c10::Device cpu(c10::DeviceType::CPU);
  try {
    torch::jit::Module module = torch::jit::load(path, cpu);
    put_on(module, cpu);
    module.eval();
    return module;
  } catch (const c10::Error&) {
    throw DataError(path, "", "is no TorchScript module (write one with torch.jit.save)");
  }
}

void put_on(torch::jit::Module& module, const c10::Device& device) {
  for (torch::jit::Module part : module.modules()) {
    for (const auto& attribute : part.named_attributes(/*recurse=*/false)) {
      if (!attribute.value.isTensor()) continue;
      const at::Tensor tensor = attribute.value.toTensor();
      if (tensor.defined()) tensor.set_data(tensor.to(device));
    }
    for (const torch::jit::Method& method : part.get_methods()) {
      put_on(*method.graph()->block(), device);
    }
  }
}

void put_on(torch::jit::Block& code, const c10::Device& device) {
  for (torch::jit::Node* node : code.nodes()) {
    if (node->kind() == c10::prim::Constant) put_constant_on(*node, device);
    for (torch::jit::Block* inner : node->blocks()) put_on(*inner, device);
  }
}

}  // namespace al_mpi
