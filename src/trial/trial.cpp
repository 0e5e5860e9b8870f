#include <al_mpi/trial/trial.hpp>

#include <cctype>
#include <limits>

#include <fmt/format.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/base/number.hpp>

namespace al_mpi {

std::string TrialSpec::own_settings() const {
  std::string own;
  for (const auto& [name, value] : settings) own += fmt::format("{}={};", name, value);
  return own;
}

std::string TrialSpec::key() const {
  const std::string own = own_settings();
  return fmt::format("{}{}{}/{}/{}", own, own.empty() ? "" : "/", strategy, init, seed);
}

std::string TrialSpec::file_stem() const {
  std::string readable = fmt::format("{}-{}-{}", strategy, init, seed).substr(0, 80);
  for (char& c : readable) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-') c = '_';
  }
  return fmt::format("{}-{}", readable, to_hex(stable_hash(key())));
}

TrialSpec TrialSpec::from_key(const std::string& key) {
  // From the right: values of settings may hold slashes.
  const auto refuse = [&] {
    return DataError("JSON", "key", fmt::format("'{}' names no trial", key));
  };
  const std::size_t seed_at = key.rfind('/');
  if (seed_at == std::string::npos || seed_at == 0) throw refuse();
  const std::size_t init_at = key.rfind('/', seed_at - 1);
  if (init_at == std::string::npos || init_at == 0) throw refuse();
  const std::size_t slash = key.rfind('/', init_at - 1);
  const std::size_t strategy_at = slash == std::string::npos ? 0 : slash + 1;
  TrialSpec spec;
  spec.strategy = key.substr(strategy_at, init_at - strategy_at);
  spec.init = key.substr(init_at + 1, seed_at - init_at - 1);
  if (!parse_number(std::string_view(key).substr(seed_at + 1), spec.seed)) throw refuse();
  for (std::size_t at = 0; at + 1 < strategy_at;) {  // "a=1;b=2;/"
    const std::size_t equals = key.find('=', at), semicolon = key.find(';', at);
    if (equals == std::string::npos || semicolon == std::string::npos || semicolon < equals)
      throw refuse();
    spec.settings[key.substr(at, equals - at)] = key.substr(equals + 1, semicolon - equals - 1);
    at = semicolon + 1;
  }
  return spec;
}

double metric(const RoundRecord& record, const std::string& name) {
  for (const auto& [known, value] : record.metrics) {
    if (known == name) return value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace al_mpi
