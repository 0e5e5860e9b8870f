#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include <al_mpi/farm/channel.hpp>

/// Ranks of one process, without MPI: messages travel as encoded bytes through queues. Each rank
/// may have a thread of its own.
class RanksInProcess {
 public:
  explicit RanksInProcess(int n) : queues_(static_cast<std::size_t>(n)) {}

  std::unique_ptr<al_mpi::Channel> channel(int rank) { return std::make_unique<End>(*this, rank); }

 private:
  struct Sent {
    int from;
    std::string bytes;
  };

  class End final : public al_mpi::Channel {
   public:
    End(RanksInProcess& all, int rank) : all_(all), rank_(rank) {}
    int rank() const override { return rank_; }
    int size() const override { return static_cast<int>(all_.queues_.size()); }
    bool all_sent() override { return true; }
    void send(int to, al_mpi::Message message) override {
      const std::lock_guard lock(all_.mutex_);
      all_.queues_.at(static_cast<std::size_t>(to)).push_back({rank_, al_mpi::encode(message)});
    }
    std::optional<al_mpi::Received> receive() override {
      const std::lock_guard lock(all_.mutex_);
      auto& queue = all_.queues_[static_cast<std::size_t>(rank_)];
      if (queue.empty()) return std::nullopt;
      const Sent sent = std::move(queue.front());
      queue.pop_front();
      return al_mpi::Received{sent.from, al_mpi::decode(sent.bytes)};
    }

   private:
    RanksInProcess& all_;
    int rank_;
  };

  std::mutex mutex_;
  std::vector<std::deque<Sent>> queues_;
};
