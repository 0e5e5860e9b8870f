#pragma once

#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace al_mpi {

/// What an unpickled object is; `other` stands for everything that is not needed to find tensors.
enum class PickleKind { other, number, text, global, list, dict, storage, tensor };

struct PickleValue {
  PickleKind kind = PickleKind::other;
  std::int64_t number = 0;  ///< whole numbers
  std::string text;         ///< text; a global's "module.name"
  /// list (or tuple): the items; dict: key, value, key, value ...; storage: one tuple, its
  /// persistent id; tensor: one tuple, the arguments that it is rebuilt from.
  std::vector<const PickleValue*> items;
};

class PickleError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A pickle (protocols 2 to 5) of dicts, lists, tuples, texts, numbers and tensors. Classes are
/// never looked up or called: torch._utils._rebuild_tensor_v2 and collections.OrderedDict are known
/// by name, all others give `other`.
class Pickle {
 public:
  /// Memory O(bytes). Throws PickleError if they are damaged.
  explicit Pickle(std::string_view bytes);

  const PickleValue& root() const { return *root_; }

 private:
  std::deque<PickleValue> values_;  ///< owns all, for lists may hold each other
  const PickleValue* root_ = nullptr;
};

}  // namespace al_mpi
