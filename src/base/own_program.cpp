#include <al_mpi/base/own_program.hpp>

#include <filesystem>

#include <fmt/format.h>

#include <al_mpi/base/command.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

bool is_file(const std::string& path) {
  std::error_code unknown;
  return fs::is_regular_file(path, unknown);
}

}  // namespace

void remember_content(OwnProgram& program) {
  std::vector<std::string> files = program.files;
  for (std::size_t i = 0; i < program.command.size(); ++i) {
    const std::string& word = program.command[i];
    const bool in_path = i == 0 && word.find('/') == std::string::npos;
    if (!in_path && is_file(word)) files.push_back(word);
  }
  for (const std::string& file : files) program.content.try_emplace(file, file_hash(file));
}

std::string changed_file(const OwnProgram& program) {
  for (const auto& [file, hash] : program.content) {
    if (file_hash(file) != hash) return file;
  }
  return "";
}

void check_runs_here(const OwnProgram& program, const std::string& key) {
  if (program_file(program.command.at(0)).empty()) {
    throw DataError(program.command[0], "", fmt::format("no program that can be run ({})", key));
  }
  for (const auto& [file, hash] : program.content) {
    const std::string found = file_hash(file);
    if (found.empty()) throw DataError(file, "", fmt::format("cannot be read ({})", key));
    if (found == hash) continue;
    throw DataError(file, "",
                    fmt::format("is another file than the sweep's configuration was read with ({}, "
                                "content {}, there {})",
                                key, found, hash));
  }
}

std::string identity_of(const OwnProgram& program) {
  std::string text;
  const auto add = [&](const std::string& word) {
    const auto found = program.content.find(word);
    const std::string shown =
        found == program.content.end()
            ? word
            : fmt::format("{} ({})", fs::path(word).filename().string(), found->second);
    text += fmt::format("{}{}", text.empty() ? "" : " ", shown.empty() ? "''" : shown);
  };
  for (const std::string& word : program.command) add(word);
  if (!program.files.empty()) text += "; files";
  for (const std::string& file : program.files) add(file);
  return text;
}

}  // namespace al_mpi
