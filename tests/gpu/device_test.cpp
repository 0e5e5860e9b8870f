#include <regex>

#include "catch.hpp"
#include "gpu/gpu.hpp"
#include <al_mpi/model/device.hpp>
#include <al_mpi/model/gpu_memory.hpp>

using namespace al_mpi;

TEST_CASE("a GPU is recorded with its name, UUID and the versions that numbers depend on") {
  AL_NEEDS_GPU();
  CHECK(available_device("auto") == "cuda");
  const std::string device = device_description("cuda");
  INFO(device);
  const std::regex expected(
      R"(cuda:.+ \(GPU-[0-9a-f-]{36}\), CUDA \d+\.\d+, cuDNN \d+\.\d+\.\d+, driver .+)");
  CHECK(std::regex_match(device, expected));
  REQUIRE_FALSE(gpu_names().empty());
  CHECK(device.find("cuda:" + gpu_names()[0] + ",") == 0);
}

TEST_CASE("a GPU that works passes the trial at the start") {
  AL_NEEDS_GPU();
  CHECK_NOTHROW(claim_gpu("cuda", 1));
}
