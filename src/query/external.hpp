#pragma once

#include <string>

#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// Asks a program of the user's (docs/own_code.md): writes the arrays that it needs to a file of a
/// scratch folder, runs it, reads the picks that it prints. Throws ConfigError: it answered
/// wrongly, or a file of it has changed; Error: it failed or took too long; DataError: no room for
/// the file.
Picks ask_external_strategy(const std::string& name, const ExternalStrategy& asked,
                            QueryContext& context);

/// The seed that the program is given: in [0, 2^31), of (seed, "external", round).
std::int64_t external_seed(const QueryContext& context);

/// Picks from the lines `order,index,score`, as `al_trial pick` prints them. Throws ConfigError
/// that says what is wrong: not context.n lines, no such form, an index that is no candidate or
/// comes twice. `key` is the setting to blame.
Picks read_picks(const std::string& text, const QueryContext& context, const std::string& key);

}  // namespace al_mpi
