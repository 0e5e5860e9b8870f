#include <limits>

#include <ATen/ATen.h>

#include "catch.hpp"
#include <al_mpi/model/device.hpp>
#include <al_mpi/model/gpu_memory.hpp>

using namespace al_mpi;

namespace {

constexpr std::int64_t gib = std::int64_t{1} << 30;

template <class Exception>
Exception libtorch_error(const std::string& text) {
  return Exception({"file", "function", 1}, text);
}

}  // namespace

TEST_CASE("processes that share a GPU may take 95 percent of its memory together") {
  CHECK(gpu_share(1) == 0.95);
  CHECK(gpu_share(4) * 4 == Approx(0.95));
}

TEST_CASE(
    "images stay on a GPU where they leave a quarter of the share, or 1 GiB, to activations") {
  CHECK(room_for_images({80 * gib, 79 * gib}, 0.5) == 30 * gib);  // 40 less 10
  CHECK(room_for_images({80 * gib, 25 * gib}, 0.5) == 15 * gib);  // others have the rest
  CHECK(room_for_images({80 * gib, 5 * gib}, 0.5) == 0);
  CHECK(room_for_images({4 * gib, 4 * gib}, 0.5) == 1 * gib);  // 2 less 1
  CHECK(room_for_images({4 * gib, 4 * gib}, 0.1) == 0);
  CHECK(room_for_images({0, 0}, 0.95) == 0);  // the driver does not tell
}

TEST_CASE("images are kept on the device while there is room for them, and no longer") {
  std::int64_t room = 100;
  const auto keep = [&](std::int64_t bytes) {
    return kept_on_device("train", bytes, room, [] { return at::ones({1}); }).defined();
  };
  CHECK(keep(60));
  CHECK(room == 40);
  CHECK_FALSE(keep(41));
  CHECK(room == 40);
  CHECK(keep(40));
  CHECK(room == 0);
}

TEST_CASE(
    "images stay in the host's memory where the copy finds no room, and for that reason only") {
  std::int64_t room = 100;
  const auto full = []() -> at::Tensor { throw libtorch_error<c10::OutOfMemoryError>("full"); };
  CHECK_FALSE(kept_on_device("train", 60, room, full).defined());
  CHECK(room == 0);  // nothing more is tried
  room = 100;
  const auto broken = []() -> at::Tensor { throw libtorch_error<c10::Error>("broken"); };
  CHECK_THROWS_AS(kept_on_device("train", 60, room, broken), c10::Error);
}

TEST_CASE("that a GPU has no room is told from every other error of LibTorch") {
  CHECK(is_out_of_gpu_memory(libtorch_error<c10::OutOfMemoryError>("CUDA out of memory.")));
  CHECK(is_out_of_gpu_memory(libtorch_error<c10::Error>("CUDA error: out of memory")));
  CHECK(is_out_of_gpu_memory(libtorch_error<c10::Error>("CUDA error: CUBLAS_STATUS_ALLOC_FAILED")));
  CHECK_FALSE(is_out_of_gpu_memory(libtorch_error<c10::Error>("CUDA error: an illegal access")));
}

TEST_CASE("the message says how much was wanted, and what to set") {
  const auto message = [](const char* of_libtorch) {
    return out_of_gpu_memory_message(libtorch_error<c10::OutOfMemoryError>(of_libtorch));
  };
  const std::string expected =
      "out of GPU memory (CUDA out of memory. Tried to allocate 2.00 GiB): set "
      "farm.workers_per_gpu, training.batch_size or training.prediction_batch lower";
  CHECK(message("CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 79.11 GiB total capacity; "
                "1 GiB already allocated)") == expected);
  CHECK(message("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of "
                "79.11 GiB of which") == expected);
}

TEST_CASE("a device that computes passes the trial at the start") {
  CHECK_NOTHROW(try_device(c10::Device(c10::DeviceType::CPU)));
  CHECK_NOTHROW(claim_gpu("cpu", 1));
}

TEST_CASE("the CPU is recorded by its name alone, and a GPU that is not there says why") {
  CHECK(device_description("cpu") == "cpu");
  if (at::hasCUDA()) return;
  CHECK(available_device("auto") == "cpu");
  CHECK(gpu_names().empty());
  CHECK_THROWS_WITH(available_device("cuda"),
                    Contains("LibTorch sees no GPU here (") && Contains(why_no_gpu()));
}
