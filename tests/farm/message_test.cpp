#include "catch.hpp"
#include <al_mpi/farm/message.hpp>

using namespace al_mpi;

namespace {

template <class Kind, class Side>
Kind through(const Kind& sent) {
  return std::get<Kind>(std::get<Side>(decode(encode(Side(sent)))));
}

}  // namespace

TEST_CASE("every report arrives as it was sent") {
  const auto hello = through<message::Hello, Report>({"node7", 3});
  CHECK(hello.host == "node7");
  CHECK(hello.n_workers == 3);
  const auto idle = through<message::Idle, Report>({2, "cpu"});
  CHECK(idle.worker == 2);
  CHECK(idle.device == "cpu");
  const auto round = through<message::Round, Report>({{1, 17, 2}, std::string("a\0b", 3)});
  CHECK(round.of.worker == 1);
  CHECK(round.of.trial == 17);
  CHECK(round.of.attempt == 2);
  CHECK(round.line == std::string("a\0b", 3));
  const auto ended = through<message::Ended, Report>({{0, 1, 1}, Ending::stopped, "why", 1.5});
  CHECK(ended.ending == Ending::stopped);
  CHECK(ended.why == "why");
  CHECK(ended.seconds == 1.5);
  const auto retired = through<message::Retired, Report>({1, ExitCode::data, "no file"});
  CHECK(retired.worker == 1);
  CHECK(retired.code == ExitCode::data);
  CHECK(retired.why == "no file");
  through<message::DrainWish, Report>({});
  through<message::Heartbeat, Report>({});
}

TEST_CASE("every order arrives as it was sent") {
  const auto configure = through<message::Configure, Order>({4, "settings"});
  CHECK(configure.n_workers == 4);
  CHECK(configure.settings == "settings");
  const auto run = through<message::Run, Order>({{1, 2, 3}, "s/i/1", "{}"});
  CHECK(run.of.attempt == 3);
  CHECK(run.key == "s/i/1");
  CHECK(run.request == "{}");
  const auto leave = through<message::Leave, Order>({ExitCode::unfinished, true});
  CHECK(leave.code == ExitCode::unfinished);
  CHECK(leave.rank_lost);
  through<message::Going, Order>({});
  through<message::Drain, Order>({});
}

TEST_CASE("bytes that are no message are refused") {
  const std::string whole = encode(Report(message::Hello{"node7", 3}));
  for (std::size_t n = 0; n < whole.size(); ++n)
    CHECK_THROWS_AS(decode(whole.substr(0, n)), FarmError);
  CHECK_THROWS_AS(decode(std::string("\0\x63", 2)), FarmError);
}
