#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <ATen/record_function.h>

/// Counts LibTorch's operations on this thread, but those on the way back, while it lives.
class Counting {
 public:
  Counting()
      : handle_(at::addThreadLocalCallback(at::RecordFunctionCallback(
            [](const at::RecordFunction& function) -> std::unique_ptr<at::ObserverContext> {
              ++calls[function.name()];
              return nullptr;
            }))) {
    calls.clear();
  }
  ~Counting() { at::removeCallback(handle_); }
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;

  inline static std::map<std::string, std::int64_t> calls;  ///< by name; stay until the next one

 private:
  at::CallbackHandle handle_;
};
