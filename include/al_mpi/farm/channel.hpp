#pragma once

#include <deque>
#include <optional>
#include <string>

namespace al_mpi {

/// What ranks say to each other. Supervisors speak first, rank 0 only ever answers (a few words
/// at once): so it never sends to a rank that has gone silent.
struct Message {
  enum class Kind : int {
    // from a supervisor to rank 0
    hello,     ///< text: host; slot: how many workers
    ask,       ///< a worker is idle; text: its device
    line,      ///< text: a line of the engine about (trial, attempt)
    died,      ///< the child of (trial, attempt) is gone; text: why
    returned,  ///< a trial handed out while draining was not begun
    retired,   ///< this worker cannot be started; text: why; attempt: an ExitCode
    wish,      ///< this rank was told to drain
    alive,     ///< heartbeat
    // from rank 0 to a supervisor
    configure,  ///< text: settings and what rank 0 has (JSON); attempt: workers a rank
    run,        ///< text: the engine's request
    going,      ///< answer to a heartbeat
    drain,      ///< finish the rounds in progress
    leave,      ///< end the children and exit; attempt: the ExitCode
  };
  Kind kind = Kind::alive;
  int slot = -1;  ///< which of the rank's workers
  int trial = -1;
  int attempt = 0;
  std::string text;
  int rank = 0;  ///< the other side: sender of a received message
};

inline bool is_for_rank_0(Message::Kind kind) {
  return kind < Message::Kind::configure;
}

/// The seam between the farm and what carries its messages. Neither call blocks.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual void send(int to, Message message) = 0;  ///< in order for each pair of ranks
  virtual std::optional<Message> receive() = 0;
  virtual bool all_sent() = 0;  ///< whether every message has left this process
};

/// One process that is its own rank 0.
class LocalChannel final : public Channel {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  bool all_sent() override { return true; }
  void send(int, Message message) override {
    message.rank = 0;
    queue_.push_back(std::move(message));
  }
  std::optional<Message> receive() override {
    if (queue_.empty()) return std::nullopt;
    Message message = std::move(queue_.front());
    queue_.pop_front();
    return message;
  }

 private:
  std::deque<Message> queue_;
};

}  // namespace al_mpi
