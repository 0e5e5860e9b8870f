#include <al_mpi/base/standard_streams.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>

#include <ext/stdio_sync_filebuf.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

/// A standard stream; whether its reader went away is found out by writing.
struct Stream {
  int descriptor;
  bool is_read = true;
  int error = 0;  // why it cannot be written
};
Stream output{STDOUT_FILENO}, messages{STDERR_FILENO};

bool is_file(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

/// Whether the error means that there is no reader (EPIPE) or no terminal any more (EIO; for a file
/// that is a bad disk).
bool reader_is_gone(const Stream& stream, int error) {
  return error == EPIPE || (error == EIO && !is_file(stream.descriptor));
}

/// How a stream writes (fopencookie(3)): what nobody can read counts as written.
ssize_t write_or_drop(void* cookie, const char* bytes, std::size_t size) {
  Stream& stream = *static_cast<Stream*>(cookie);
  for (std::size_t done = 0; done < size && stream.is_read;) {
    const ssize_t written = ::write(stream.descriptor, bytes + done, size - done);
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno == EAGAIN) {  // a launcher or terminal that does not wait for its readers
      pollfd wait{stream.descriptor, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (reader_is_gone(stream, errno)) {
      stream.is_read = false;
    } else if (errno != EINTR) {
      // Messages are dropped, whatever is wrong; results are not.
      stream.error = errno;
      return stream.descriptor == STDERR_FILENO ? static_cast<ssize_t>(size) : 0;
    }
  }
  return static_cast<ssize_t>(size);
}

/// Puts a stream that does not fail in place of `file`.
void replace(std::FILE*& file, Stream& stream, int buffering) {
  cookie_io_functions_t functions{};
  functions.write = write_or_drop;
  std::FILE* const opened = ::fopencookie(&stream, "w", functions);
  if (opened == nullptr) return;
  std::fflush(file);
  std::setvbuf(opened, nullptr, buffering, BUFSIZ);
  file = opened;
}

}  // namespace

void outlive_readers() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    if (::open("/dev/null", O_RDWR) != descriptor) errno = 0;  // there is no /dev/null either
  }
  std::signal(SIGPIPE, SIG_IGN);
  replace(stdout, output, ::isatty(STDOUT_FILENO) != 0 ? _IOLBF : _IOFBF);
  replace(stderr, messages, _IONBF);
  // C++'s streams would still write to the old files. The new buffers are never freed: they are
  // flushed after everything else is gone.
  std::cout.rdbuf(new __gnu_cxx::stdio_sync_filebuf<char>(stdout));
  std::cerr.rdbuf(new __gnu_cxx::stdio_sync_filebuf<char>(stderr));
}

bool output_is_read() {
  return output.is_read;
}

void flush_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw DataError("standard output", "",
                    fmt::format("could not be written ({})", std::strerror(output.error)));
  }
}

}  // namespace al_mpi
