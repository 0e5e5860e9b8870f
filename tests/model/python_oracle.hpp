#pragma once

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "catch.hpp"
#include "scratch_folder.hpp"

namespace al_mpi {

/// Rewrites a file of LibTorch's or Python's torch as if a GPU had written it (say_cuda.py).
inline void say_cuda(const std::string& path, const std::string& as) {
  const std::string script = std::string(AL_TEST_DATA) + "/../model/say_cuda.py";
  REQUIRE(std::system(("/usr/bin/python3 " + script + " " + path + " " + as).c_str()) == 0);
}

/// What write_weights.py writes with Python's torch; made once for all tests.
class PythonOracle {
 public:
  /// nullptr, with a word on the console, where Python has no torch.
  static const PythonOracle* files() {
    static const PythonOracle oracle;
    if (!oracle.written_) WARN("skipped: /usr/bin/python3 has no torch");
    return oracle.written_ ? &oracle : nullptr;
  }

  std::string path(const std::string& name) const { return folder_.file(name); }

  at::Tensor floats(const std::string& name, at::IntArrayRef sizes) const {
    at::Tensor out = at::empty(sizes);
    std::ifstream file(path(name), std::ios::binary);
    file.read(static_cast<char*>(out.data_ptr()), static_cast<std::streamsize>(out.nbytes()));
    if (!file) throw std::runtime_error("short file " + name);
    return out;
  }

 private:
  PythonOracle() {
    const std::string script = std::string(AL_TEST_DATA) + "/../model/write_weights.py";
    const std::string command =
        "/usr/bin/python3 " + script + " " + folder_.path().string() + " 2>" + path("errors.txt");
    written_ = std::system(command.c_str()) == 0;
  }

  ScratchFolder folder_;
  bool written_ = false;
};

}  // namespace al_mpi
