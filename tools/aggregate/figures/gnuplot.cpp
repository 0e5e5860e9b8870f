#include "gnuplot.hpp"

#include <cctype>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/io/atomic_file.hpp>

extern char** environ;

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

std::string terminal(FigureFormat format, const Figure& figure) {
  const std::string font = R"(font "DejaVu Sans,11" noenhanced)";
  if (format == FigureFormat::svg) {
    return fmt::format("set terminal svg size {},{} {} background \"#ffffff\"", figure.width,
                       figure.height, font);
  }
  if (format == FigureFormat::pdf) {
    return fmt::format(
        "set terminal pdfcairo size {:.3f}in,{:.3f}in fontscale 0.75 linewidth 0.9 pointscale 0.75 "
        "{}",
        figure.width / 96.0, figure.height / 96.0, font);
  }
  return fmt::format("set terminal pngcairo size {},{} fontscale 2 linewidth 2 pointscale 2 {}",
                     2 * figure.width, 2 * figure.height, font);
}

/// A fresh folder for the script and gnuplot's messages, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string path = (fs::temp_directory_path() / "al_aggregate.XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) {
      throw Error(ExitCode::internal,
                  fmt::format("cannot make a folder in {} ({})", fs::temp_directory_path().string(),
                              std::strerror(errno)));
    }
    path_ = path;
    fd_ = mark_as_used(path);
    remove_leftovers();
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    if (fd_ >= 0) ::close(fd_);
  }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  /// Removes the scratch folders that killed runs left.
  static void remove_leftovers() {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(fs::temp_directory_path(), ignored)) {
      const std::string name = entry.path().filename().string();
      const bool ours = name.rfind("al_aggregate.", 0) == 0 && entry.is_directory(ignored);
      if (ours && is_abandoned(entry.path().string())) fs::remove_all(entry.path(), ignored);
    }
  }

  fs::path path_;
  int fd_ = -1;
};

/// Exit status of `gnuplot SCRIPT`, its messages in `log`.
int run_gnuplot(const std::string& script, const std::string& log) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  std::string program = "gnuplot", argument = script;
  char* arguments[] = {program.data(), argument.data(), nullptr};
  pid_t child = 0;
  const int problem = posix_spawnp(&child, "gnuplot", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) {
    throw Error(ExitCode::internal,
                fmt::format("gnuplot cannot be started ({}): install gnuplot-nox, or draw nothing "
                            "with --format none",
                            std::strerror(problem)));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string first_words(const std::string& file) {
  std::ifstream stream(file);
  std::string line, all;
  while (std::getline(stream, line) && all.size() < 300) {
    if (!line.empty()) all += (all.empty() ? "" : " ") + line;
  }
  return all;
}

}  // namespace

std::string quoted(const std::string& text) {
  // The text is put into single quotes, because gnuplot runs `commands` within double quotes.
  // Single quotes have no escapes, so a line break is written between two quoted parts.
  std::string result = "'";
  for (const char c : text) {
    if (c == '\n') {
      result += "'.\"\\n\".'";
    } else {
      result += c == '\'' ? std::string("''") : std::string(1, c);
    }
  }
  return result + "'";
}

std::string plotted(double value) {
  return std::isnan(value) ? "NaN" : fmt::format("{:.8g}", value);
}

std::string data_block(const std::string& name, const std::vector<std::vector<std::string>>& rows) {
  std::string result = fmt::format("${} << EOD\n", name);
  for (const auto& row : rows) {
    for (const std::string& word : row) result += word + " ";
    result += "\n";
  }
  return result + "EOD\n";
}

std::string slug(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    result += plain ? c : '_';
  }
  return result;
}

void draw(const std::vector<Figure>& figures, const std::vector<FigureFormat>& formats,
          const std::string& folder) {
  if (figures.empty() || formats.empty()) return;
  const ScratchFolder scratch;
  const std::string script = scratch.file("figures.gp"), log = scratch.file("gnuplot.log");
  std::ofstream stream(script);
  for (const Figure& figure : figures) {
    stream << figure.data;
    for (const FigureFormat format : formats) {
      const fs::path file = fs::path(folder) / (figure.name + "." + name_of(format));
      stream << "reset\n"
             << terminal(format, figure) << "\nset output " << quoted(file.string())
             << "\nset datafile missing \"NaN\"\n"
             << figure.script << "\nunset output\n";
    }
  }
  stream.close();
  const int status = run_gnuplot(script, log);
  if (status != 0) throw Error(ExitCode::internal, "gnuplot failed: " + first_words(log));
}

}  // namespace al_mpi
