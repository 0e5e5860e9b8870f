#include "weights.hpp"

#include <cstring>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bitwise_right_shift.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/stack.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>

namespace al_mpi {
namespace {

/// What must agree between two tensors for one to be copied into the other.
std::string description(const std::string& name, const at::Tensor& tensor) {
  return fmt::format("{} {} [{}]\n", name, c10::toString(tensor.scalar_type()),
                     fmt::join(tensor.sizes(), ", "));
}

at::Tensor on_cpu(const at::Tensor& tensor) {
  return tensor.detach().cpu().contiguous();
}

std::size_t bytes_of(const at::Tensor& tensor) {
  return static_cast<std::size_t>(tensor.nbytes());
}

/// The bits of a tensor as int32 numbers, in the order of its indices.
at::Tensor words_of(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().contiguous().flatten();
  switch (values.element_size()) {
    case 1:
      return values.view(at::kByte).to(at::kInt);
    case 2:
      return values.view(at::kShort).to(at::kInt);
    default:
      return values.view(at::kInt);
  }
}

[[noreturn]] void refuse(const std::string& problem) {
  throw DataError("network state", "", problem);
}

}  // namespace

NamedTensors named_state(const Network& network) {
  NamedTensors out;
  for (const auto& item : network.named_parameters()) out.emplace(item.key(), item.value());
  for (const auto& item : network.named_buffers()) out.emplace(item.key(), item.value());
  return out;
}

bool all_finite(const std::vector<at::Tensor>& tensors) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> finite;  // asked of a device once, not once a tensor
  for (const at::Tensor& tensor : tensors) finite.push_back(at::isfinite(tensor).all());
  return finite.empty() || at::stack(finite).all().item<bool>();
}

std::string hash_of(const NamedTensors& tensors) {
  if (!tensors.empty() && !tensors.begin()->second.is_cpu()) return summed_hash_of(tensors);
  std::uint64_t hash = 0;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor values = on_cpu(tensor);
    hash = stable_hash(description(name, tensor), hash);
    hash = stable_hash(values.data_ptr(), bytes_of(values), hash);
  }
  return to_hex(hash);
}

std::string summed_hash_of(const NamedTensors& tensors) {
  // Odd factors of splitmix64; products wrap around.
  const auto first = static_cast<std::int64_t>(0x9E3779B97F4A7C15);
  const auto second = static_cast<std::int64_t>(0xBF58476D1CE4E5B9);
  const auto third = static_cast<std::int64_t>(0x94D049BB133111EB);
  std::string names;
  std::vector<at::Tensor> words;
  for (const auto& [name, tensor] : tensors) {
    names += description(name, tensor);
    words.push_back(words_of(tensor));
  }
  at::Tensor mixed = at::cat(words).to(at::kLong);
  mixed.bitwise_xor_(at::arange(mixed.numel(), mixed.options()).mul_(first)).mul_(second);
  mixed.bitwise_xor_(at::bitwise_right_shift(mixed, 27)).mul_(third);
  const auto sum =
      mixed.bitwise_xor_(at::bitwise_right_shift(mixed, 31)).sum().item<std::int64_t>();
  return to_hex(stable_hash(&sum, sizeof sum, stable_hash(names, 0)));
}

std::string to_bytes(const NamedTensors& tensors) {
  std::string out;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor values = on_cpu(tensor);
    out += description(name, tensor);
    out.append(static_cast<const char*>(values.data_ptr()), bytes_of(values));
  }
  return out + to_hex(stable_hash(out));
}

void load_bytes(const std::string& bytes, const NamedTensors& into) {
  constexpr std::size_t checksum_size = 16;
  if (bytes.size() < checksum_size) refuse("it is empty or cut off");
  std::string_view rest(bytes.data(), bytes.size() - checksum_size);
  if (bytes.substr(rest.size()) != to_hex(stable_hash(rest)))
    refuse("its checksum is wrong (damaged)");

  std::map<std::string, const char*> values;
  for (const auto& [name, tensor] : into) {
    const std::string wanted = description(name, tensor);
    if (rest.substr(0, wanted.size()) != wanted) {
      refuse(fmt::format("it holds '{}' where the network has '{}' (another network or shape)",
                         rest.substr(0, rest.substr(0, 200).find('\n')),
                         wanted.substr(0, wanted.size() - 1)));
    }
    values[name] = rest.data() + wanted.size();
    rest.remove_prefix(std::min(rest.size(), wanted.size() + bytes_of(tensor)));
  }
  if (!rest.empty()) refuse("it holds more tensors than the network (another network)");

  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : into) {
    const at::Tensor copy = at::empty(tensor.sizes(), tensor.scalar_type());
    std::memcpy(copy.data_ptr(), values.at(name), bytes_of(tensor));
    at::Tensor(tensor).copy_(copy);
  }
}

}  // namespace al_mpi
