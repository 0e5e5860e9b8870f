#include <al_mpi/base/rng.hpp>

#include <cmath>
#include <numeric>

#include <Random123/philox.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>

namespace al_mpi {
namespace {

constexpr std::uint32_t low(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}
constexpr std::uint32_t high(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32);
}
constexpr std::uint64_t joined(std::uint32_t lo, std::uint32_t hi) {
  return (static_cast<std::uint64_t>(hi) << 32) | lo;
}

}  // namespace

RngStream::RngStream(std::int64_t seed, std::string_view purpose, std::uint64_t round)
    : round_(round) {
  const std::uint64_t key = stable_hash(purpose, static_cast<std::uint64_t>(seed));
  key_ = {low(key), high(key)};
}

RngStream::result_type RngStream::operator()() {
  if (left_ == 0) {
    const r123::Philox4x32::ctr_type counter = {
        {low(block_), high(block_), low(round_), high(round_)}};
    const r123::Philox4x32::key_type key = {{key_[0], key_[1]}};
    const auto out = r123::Philox4x32{}(counter, key);
    buffer_ = {joined(out[0], out[1]), joined(out[2], out[3])};
    left_ = 2;
    ++block_;
  }
  return buffer_[static_cast<std::size_t>(2 - left_--)];
}

double RngStream::uniform() {
  return static_cast<double>((*this)() >> 11) * 0x1.0p-53;
}

double RngStream::normal() {
  // Box-Muller, one of the two values: no hidden state beside the counter.
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * M_PI * uniform());
}

double RngStream::gumbel() {
  const double open = (static_cast<double>((*this)() >> 11) + 0.5) * 0x1.0p-53;  // in (0, 1)
  return -std::log(-std::log(open));
}

std::uint64_t RngStream::below(std::uint64_t n) {
  check(n > 0, "below(0)");
  const std::uint64_t unbiased = max() - max() % n;  // reject the last, incomplete run of n values
  std::uint64_t value = (*this)();
  while (value >= unbiased) value = (*this)();
  return value % n;
}

std::vector<std::int64_t> RngStream::permutation(std::int64_t n) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  shuffle(order);
  return order;
}

std::vector<std::int64_t> RngStream::sample(std::int64_t n, std::int64_t k) {
  check(k <= n, "sample of {} from {}", k, n);
  std::vector<std::int64_t> order = permutation(n);
  order.resize(static_cast<std::size_t>(k));
  return order;
}

}  // namespace al_mpi
