#pragma once

#include <deque>
#include <optional>
#include <utility>

#include <al_mpi/farm/message.hpp>

namespace al_mpi {

struct Received {
  int from = 0;
  Message message;
};

/// What carries messages between ranks. No call blocks.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual void send(int to, Message message) = 0;  ///< in order for each pair of ranks
  virtual std::optional<Received> receive() = 0;
  virtual bool all_sent() = 0;  ///< whether every message has left this process
};

/// One process that is its own rank 0.
class LocalChannel final : public Channel {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  bool all_sent() override { return true; }
  void send(int, Message message) override { queue_.push_back(std::move(message)); }
  std::optional<Received> receive() override {
    if (queue_.empty()) return std::nullopt;
    Received received{0, std::move(queue_.front())};
    queue_.pop_front();
    return received;
  }

 private:
  std::deque<Message> queue_;
};

}  // namespace al_mpi
