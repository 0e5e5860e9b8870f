#include <al_mpi/farm/mpi/mpi_channel.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <list>
#include <unordered_map>

#include "check_mpi.hpp"

namespace al_mpi {
namespace {

constexpr int tag = 1;
constexpr std::size_t piece_size = 2048;

/// What each piece begins with: the bytes of the message in it and the pieces after it.
using Head = std::uint32_t;
constexpr std::size_t body_size = piece_size - sizeof(Head);

struct Piece {
  std::array<char, piece_size> bytes;
  MPI_Request request = MPI_REQUEST_NULL;
};

class MpiChannel final : public Channel {
 public:
  explicit MpiChannel(const MpiSession& session) : rank_(session.rank()), size_(session.size()) {}

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void send(int to, Message message) override {
    if (to == rank_) return self_.send(to, std::move(message));
    const std::string bytes = encode(message);
    for (std::size_t at = 0, now = 0; at < bytes.size(); at += now) {
      const Head left = static_cast<Head>(bytes.size() - at);
      now = std::min<std::size_t>(left, body_size);
      Piece& piece = outgoing_.emplace_back();
      std::memcpy(piece.bytes.data(), &left, sizeof left);
      std::memcpy(piece.bytes.data() + sizeof left, bytes.data() + at, now);
      check_mpi(MPI_Isend(piece.bytes.data(), static_cast<int>(sizeof left + now), MPI_BYTE, to,
                          tag, MPI_COMM_WORLD, &piece.request),
                "MPI_Isend");
    }
    all_sent();
  }

  std::optional<Received> receive() override {
    if (auto own = self_.receive()) {
      own->from = rank_;
      return own;
    }
    all_sent();
    int waiting = 0;
    MPI_Status status;
    // The first probe often only makes progress; a second one more than halves the round trip.
    for (int probe = 0; probe < 2 && waiting == 0; ++probe) {
      check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, tag, MPI_COMM_WORLD, &waiting, &status), "MPI_Iprobe");
    }
    while (waiting != 0) {
      if (auto message = take_piece(status.MPI_SOURCE)) return message;
      check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, tag, MPI_COMM_WORLD, &waiting, &status), "MPI_Iprobe");
    }
    return std::nullopt;
  }

  bool all_sent() override {
    for (auto piece = outgoing_.begin(); piece != outgoing_.end();) {
      int sent = 0;
      check_mpi(MPI_Test(&piece->request, &sent, MPI_STATUS_IGNORE), "MPI_Test");
      piece = sent != 0 ? outgoing_.erase(piece) : std::next(piece);
    }
    return outgoing_.empty();
  }

 private:
  /// Receives the piece that waits from `source`; the message, if it was the last of one.
  std::optional<Received> take_piece(int source) {
    std::array<char, piece_size> bytes;
    MPI_Status status;
    int size = 0;
    check_mpi(MPI_Recv(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, source, tag,
                       MPI_COMM_WORLD, &status),
              "MPI_Recv");
    MPI_Get_count(&status, MPI_BYTE, &size);
    Head left = 0;
    std::memcpy(&left, bytes.data(), sizeof left);
    const std::size_t body = static_cast<std::size_t>(size) - sizeof left;
    std::string& partial = incoming_[source];
    partial.append(bytes.data() + sizeof left, body);
    if (left > body) return std::nullopt;
    Received received{source, decode(partial)};
    partial.clear();
    return received;
  }

  int rank_;
  int size_;
  LocalChannel self_;
  std::list<Piece> outgoing_;  ///< not yet gone; addresses must stay
  /// Source -> bytes so far of an unfinished message.
  std::unordered_map<int, std::string> incoming_;
};

}  // namespace

std::unique_ptr<Channel> make_mpi_channel(const MpiSession& session) {
  return std::make_unique<MpiChannel>(session);
}

}  // namespace al_mpi
