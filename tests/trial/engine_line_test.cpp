#include "catch.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/trial/engine_line.hpp>

using namespace al_mpi;
using Type = EngineLine::Type;

TEST_CASE("the engine's lines are read as docs/protocols.md writes them") {
  const EngineLine ready = parse_engine_line(
      R"({"type":"ready","device":"cuda:0","host":"n1","pid":7,"versions":{"libtorch":"1.13.1"}})");
  CHECK(ready.type == Type::ready);
  CHECK(ready.device == "cuda:0");
  CHECK(ready.libtorch == "1.13.1");

  const EngineLine done =
      parse_engine_line(R"({"type":"done","key":"a/b/1","attempt":1,"seconds":12.5})");
  CHECK(done.key == "a/b/1");
  CHECK(done.seconds == 12.5);

  const EngineLine failed = parse_engine_line(
      R"({"type":"failed","key":"k","attempt":1,"kind":"data","message":"no file"})");
  CHECK(failed.failure == EngineLine::Failure::data);
  CHECK(failed.message == "no file");
}

TEST_CASE("the engine's line about devices names its GPUs, or says why there are none") {
  const EngineLine two = parse_engine_line(R"x({"type":"devices","gpus":["A (GPU-1)","B"]})x");
  CHECK(two.type == Type::devices);
  CHECK(two.gpus == std::vector<std::string>{"A (GPU-1)", "B"});
  const EngineLine none = parse_engine_line(R"({"type":"devices","gpus":[],"why_none":"no CUDA"})");
  CHECK(none.gpus.empty());
  CHECK(none.message == "no CUDA");
}

TEST_CASE("a line that is no engine line is refused") {
  for (const char* line : {"", "hello", "[1]", "{}", R"({"type":"dance"})", R"({"type":7})",
                           R"({"type":"done","key":3})", R"({"type":"failed","kind":"moody"})",
                           R"({"type":"ready","versions":[1]})", R"({"type":"devices"})"}) {
    INFO(line);
    CHECK_THROWS_AS(parse_engine_line(line), DataError);
  }
}

TEST_CASE("requests survive the way to the engine, whatever bytes the settings hold") {
  CHECK(drain_line() == R"({"type":"drain"})");
  TrialSpec spec;
  spec.strategy = "margin_sampling";
  spec.init = "random";
  CHECK(
      run_line(spec, 2, "/tmp/c") ==
      R"({"attempt":2,"checkpoint":"/tmp/c","trial":{"init":"random","seed":0,"strategy":"margin_sampling","trial":0},"type":"run"})");
  CHECK(configure_line({"a: \"\n\xff\""}).find('\n') == std::string::npos);
  CHECK(
      configure_line(
          {"a: 1", R"({"a": 0.5})", DeviceKind::cpu, 2, {"0.1.0", "2.6.0", "77"}, "88"}) ==
      R"({"config":"a: 1","device":"cpu","expected":{"dataset":"77","libtorch":"2.6.0","version":"0.1.0"},"fingerprint":"88","settings":{"a":0.5},"threads":2,"type":"configure"})");
}
