#include "pickle.hpp"

#include <cstring>
#include <string>
#include <unordered_map>

namespace al_mpi {
namespace {

using Value = PickleValue*;
using Items = std::vector<const PickleValue*>;

// The opcodes of Python's pickletools that torch.save and plain state dicts use.
enum Op : unsigned char {
  op_mark = '(',
  op_stop = '.',
  op_pop = '0',
  op_pop_mark = '1',
  op_dup = '2',
  op_binfloat = 'G',
  op_binint = 'J',
  op_binint1 = 'K',
  op_binint2 = 'M',
  op_none = 'N',
  op_binpersid = 'Q',
  op_reduce = 'R',
  op_binstring = 'T',
  op_short_binstring = 'U',
  op_binunicode = 'X',
  op_empty_list = ']',
  op_append = 'a',
  op_build = 'b',
  op_global = 'c',
  op_dict = 'd',
  op_empty_dict = '}',
  op_appends = 'e',
  op_binget = 'h',
  op_long_binget = 'j',
  op_list = 'l',
  op_binput = 'q',
  op_long_binput = 'r',
  op_setitem = 's',
  op_tuple = 't',
  op_empty_tuple = ')',
  op_setitems = 'u',
  op_binbytes = 'B',
  op_short_binbytes = 'C',
  op_proto = 0x80,
  op_newobj = 0x81,
  op_tuple1 = 0x85,
  op_tuple2 = 0x86,
  op_tuple3 = 0x87,
  op_newtrue = 0x88,
  op_newfalse = 0x89,
  op_long1 = 0x8a,
  op_short_binunicode = 0x8c,
  op_binunicode8 = 0x8d,
  op_empty_set = 0x8f,
  op_additems = 0x90,
  op_newobj_ex = 0x92,
  op_stack_global = 0x93,
  op_memoize = 0x94,
  op_frame = 0x95
};

class Unpickler {
 public:
  Unpickler(std::string_view pickle, std::deque<PickleValue>& values)
      : rest_(pickle), values_(values) {}

  Value run() {
    for (;;) {
      const auto op = static_cast<unsigned char>(bytes(1)[0]);
      if (op == op_stop) return pop();
      if (!push_plain(op) && !build(op) && !remember(op)) {
        throw PickleError("holds what is not read here (save a state dict or one tensor)");
      }
    }
  }

 private:
  [[noreturn]] static void damaged() { throw PickleError("is damaged"); }

  std::string_view bytes(std::uint64_t n) {
    if (n > rest_.size()) damaged();
    const std::string_view out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
  }

  /// A little-endian number of n <= 8 bytes.
  std::uint64_t count(std::size_t n) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes(n).data(), n);
    return value;
  }

  std::string_view line() {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) damaged();
    const std::string_view out = bytes(end + 1);
    return out.substr(0, end);
  }

  void push(PickleKind kind) {
    values_.emplace_back();
    values_.back().kind = kind;
    stack_.push_back(&values_.back());
  }
  void push_number(std::int64_t number) {
    push(PickleKind::number);
    stack_.back()->number = number;
  }
  void push_text(std::string_view text) {
    push(PickleKind::text);
    stack_.back()->text = text;
  }

  Value& top() {
    if (stack_.size() <= floor()) damaged();
    return stack_.back();
  }
  Value pop() {
    const Value value = top();
    stack_.pop_back();
    return value;
  }
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  /// What lies above the last mark, which goes.
  Items pop_to_mark() {
    if (marks_.empty()) damaged();
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    Items items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  void push_items(PickleKind kind, Items items) {
    push(kind);
    stack_.back()->items = std::move(items);
  }

  /// The last n values become a tuple.
  void push_tuple(std::size_t n) {
    Items items(n);
    while (n > 0) items[--n] = pop();
    push_items(PickleKind::list, std::move(items));
  }

  void append_to_top(const Items& items) {
    auto& all = top()->items;
    all.insert(all.end(), items.begin(), items.end());
  }

  bool push_plain(unsigned char op) {
    switch (op) {
      case op_proto:
        bytes(1);
        return true;
      case op_frame:
        bytes(8);
        return true;
      case op_mark:
        marks_.push_back(stack_.size());
        return true;
      case op_none:
        push(PickleKind::other);
        return true;
      case op_newtrue:
        push_number(1);
        return true;
      case op_newfalse:
        push_number(0);
        return true;
      case op_binint:
        push_number(static_cast<std::int32_t>(count(4)));
        return true;
      case op_binint1:
        push_number(static_cast<std::int64_t>(count(1)));
        return true;
      case op_binint2:
        push_number(static_cast<std::int64_t>(count(2)));
        return true;
      case op_long1:
        push_long(count(1));
        return true;
      case op_binfloat:
        bytes(8);
        push(PickleKind::other);
        return true;
      case op_binunicode:
      case op_binstring:
      case op_binbytes:
        push_text(bytes(count(4)));
        return true;
      case op_short_binunicode:
      case op_short_binstring:
      case op_short_binbytes:
        push_text(bytes(count(1)));
        return true;
      case op_binunicode8:
        push_text(bytes(count(8)));
        return true;
      case op_empty_list:
      case op_empty_tuple:
      case op_empty_set:
        push(PickleKind::list);
        return true;
      case op_empty_dict:
        push(PickleKind::dict);
        return true;
      case op_global: {
        const std::string module(line());
        push_global(module, line());
        return true;
      }
      default:
        return false;
    }
  }

  /// A whole number of any length; those beyond 8 bytes mean nothing here.
  void push_long(std::uint64_t n) {
    const std::string_view digits = bytes(n);
    std::int64_t value = n > 0 && (digits.back() & 0x80) != 0 ? -1 : 0;
    if (n <= 8) std::memcpy(&value, digits.data(), n);
    push_number(value);
  }

  void push_global(std::string module, std::string_view name) {
    push(PickleKind::global);
    constexpr std::size_t longest = 256;  // names from the stack could be doubled again and again
    if (module.size() + name.size() > longest) return;
    stack_.back()->text = std::move(module.append(".").append(name));
  }

  bool build(unsigned char op) {
    switch (op) {
      case op_tuple:
      case op_list:
        push_items(PickleKind::list, pop_to_mark());
        return true;
      case op_dict:
        push_items(PickleKind::dict, pop_to_mark());
        return true;
      case op_tuple1:
      case op_tuple2:
      case op_tuple3:
        push_tuple(op - op_tuple1 + std::size_t{1});
        return true;
      case op_append: {
        const Value item = pop();
        append_to_top({item});
        return true;
      }
      case op_appends:
      case op_setitems:
      case op_additems:
        append_to_top(pop_to_mark());
        return true;
      case op_setitem: {
        const Value value = pop(), key = pop();
        append_to_top({key, value});
        return true;
      }
      case op_binpersid:
        push_items(PickleKind::storage, {pop()});
        return true;
      case op_reduce:
      case op_newobj:
        call();
        return true;
      case op_newobj_ex:
        pop();
        call();
        return true;
      case op_build:
        pop();
        top();
        return true;  // attributes ("_metadata") say nothing of tensors
      case op_stack_global: {
        const Value name = pop(), module = pop();
        push_global(module->text, name->text);
        return true;
      }
      default:
        return false;
    }
  }

  /// callable(*arguments), for the few that lead to tensors.
  void call() {
    const Value arguments = pop(), callable = pop();
    const std::string& name = callable->text;
    if (callable->kind != PickleKind::global) {
      push(PickleKind::other);
    } else if (name == "collections.OrderedDict") {
      push(PickleKind::dict);
    } else if (name == "torch._utils._rebuild_tensor_v2") {
      push_items(PickleKind::tensor, {arguments});
    } else if (name == "torch._utils._rebuild_parameter" && !arguments->items.empty()) {
      stack_.push_back(const_cast<Value>(arguments->items[0]));
    } else {
      push(PickleKind::other);
    }
  }

  bool remember(unsigned char op) {
    switch (op) {
      case op_binput:
        memo_[count(1)] = top();
        return true;
      case op_long_binput:
        memo_[count(4)] = top();
        return true;
      case op_memoize:
        memo_[memo_.size()] = top();
        return true;
      case op_binget:
        stack_.push_back(recalled(count(1)));
        return true;
      case op_long_binget:
        stack_.push_back(recalled(count(4)));
        return true;
      case op_pop:
        pop();
        return true;
      case op_pop_mark:
        pop_to_mark();
        return true;
      case op_dup:
        stack_.push_back(top());
        return true;
      default:
        return false;
    }
  }

  Value recalled(std::uint64_t place) const {
    const auto found = memo_.find(place);
    if (found == memo_.end()) damaged();
    return found->second;
  }

  std::string_view rest_;
  std::deque<PickleValue>& values_;
  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Value> memo_;
};

}  // namespace

Pickle::Pickle(std::string_view bytes) : root_(Unpickler(bytes, values_).run()) {}

}  // namespace al_mpi
