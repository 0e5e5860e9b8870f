#include <al_mpi/farm/message.hpp>

#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>

namespace al_mpi {
namespace message {
namespace {

// The fields of each message, in the order in which they travel.
template <class Empty>
auto fields(Empty&) {
  static_assert(std::is_empty_v<Empty>, "a message with fields has an overload here");
  return std::tie();
}
auto fields(Hello& m) {
  return std::tie(m.host, m.n_workers);
}
auto fields(Idle& m) {
  return std::tie(m.worker, m.device);
}
auto fields(Round& m) {
  return std::tie(m.of, m.line);
}
auto fields(Ended& m) {
  return std::tie(m.of, m.ending, m.why, m.seconds);
}
auto fields(Retired& m) {
  return std::tie(m.worker, m.code, m.why);
}
auto fields(Configure& m) {
  return std::tie(m.n_workers, m.settings);
}
auto fields(Run& m) {
  return std::tie(m.of, m.key, m.request);
}
auto fields(Leave& m) {
  return std::tie(m.code, m.rank_lost);
}

}  // namespace
}  // namespace message

namespace {

void put(std::string& bytes, const std::string& text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
  bytes += text;
}

template <class Plain>
void put(std::string& bytes, const Plain& value) {
  static_assert(std::is_trivially_copyable_v<Plain>);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::string_view next(std::size_t size) {
    if (size > bytes_.size()) throw FarmError(-1, "a message between ranks is cut short");
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  void get(std::string& text) {
    std::uint32_t size = 0;
    get(size);
    text = next(size);
  }
  template <class Plain>
  void get(Plain& value) {
    std::memcpy(&value, next(sizeof value).data(), sizeof value);
  }

 private:
  std::string_view bytes_;
};

/// The alternative number `index` of a variant of messages.
template <class Variant, std::size_t at = 0>
Variant read(std::size_t index, Reader& reader) {
  if constexpr (at < std::variant_size_v<Variant>) {
    if (index != at) return read<Variant, at + 1>(index, reader);
    std::variant_alternative_t<at, Variant> found;
    std::apply([&](auto&... field) { (reader.get(field), ...); }, message::fields(found));
    return found;
  }
  throw FarmError(-1, "a message between ranks is of no known kind");
}

}  // namespace

std::string encode(const Message& message) {
  std::string bytes;
  const auto write = [&](auto one) {
    std::apply([&](const auto&... field) { (put(bytes, field), ...); }, message::fields(one));
  };
  std::visit(
      [&](const auto& side) {
        bytes += {static_cast<char>(message.index()), static_cast<char>(side.index())};
        std::visit(write, side);
      },
      message);
  return bytes;
}

Message decode(std::string_view bytes) {
  Reader reader(bytes);
  const auto kind = reader.next(2);
  const auto index = static_cast<unsigned char>(kind[1]);
  if (kind[0] == 0) return read<Report>(index, reader);
  return read<Order>(index, reader);
}

}  // namespace al_mpi
