#include <stdlib.h>

#include "catch.hpp"
#include <al_mpi/model/cuda_driver.hpp>

using namespace al_mpi;

TEST_CASE("the driver tells a GPU's name, UUID and memory") {
  const CudaDriver driver(AL_FAKE_CUDA_DRIVER);
  CHECK(driver.problem().empty());
  CHECK(driver.gpu(0) == "Fake 40 (GPU-28292a2b-2c2d-2e2f-3031-323334353637)");
  CHECK(driver.gpu(1).rfind("Fake 41 (GPU-292a2b2c-", 0) == 0);
  CHECK(driver.gpu(2) == "GPU 2");  // there are two
  CHECK(driver.memory().total == 4000);
  CHECK(driver.memory().free == 3000);
  CHECK_FALSE(driver.version().empty());  // of the kernel's module, else "for CUDA 13.2"
}

TEST_CASE("a driver that is not there or finds no GPU says so") {
  const CudaDriver none("libno_such_driver.so.1");
  CHECK_THAT(none.problem(), Contains("there is no NVIDIA driver: libno_such_driver.so.1"));
  CHECK(none.gpu(0) == "GPU 0");
  CHECK(none.memory().total == 0);
  ::setenv("FAKE_CUDA_DRIVER", "broken", 1);
  const CudaDriver broken(AL_FAKE_CUDA_DRIVER);
  ::unsetenv("FAKE_CUDA_DRIVER");
  CHECK(broken.problem() == "NVIDIA's driver says: no CUDA-capable device is detected");
}

TEST_CASE("versions read as NVIDIA writes them") {
  CHECK(cuda_version_text(13000) == "13.0");
  CHECK(cuda_version_text(11080) == "11.8");
  CHECK(cudnn_version_text(8500) == "8.5.0");
  CHECK(cudnn_version_text(91002) == "9.10.2");
}
