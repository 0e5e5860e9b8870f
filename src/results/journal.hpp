#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace al_mpi {

// A journal is a text file, one record a line: 16 hexadecimal digits over the text (XXH3), a space,
// the text (JSON without line ends). Whatever happens to the file, whole records stay readable.

/// The line of a record, with its line end.
std::string journal_line(std::string_view text);

struct JournalScan {
  std::int64_t n_records = 0;
  std::vector<std::int64_t> damaged;  ///< numbers of lines, from 1, that hold something unreadable
  std::int64_t end = 0;               ///< bytes up to the last readable line; after it, a torn one
  bool torn = false;                  ///< there was a torn last line
};

/// Calls `take` with the text of each whole record, in order. Records are found again behind
/// damage. A record for which `take` throws an Error counts as damaged.
JournalScan scan_journal(std::string_view bytes, const std::function<void(std::string_view)>& take);

/// The end of a journal, open for appending; its one writer.
class Journal {
 public:
  /// Opens or creates `path` and cuts it at byte `end`. Throws DataError.
  Journal(const std::string& path, std::int64_t end);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal();

  void append(std::string_view text);

  /// Makes what was appended durable (write, fdatasync); nothing to do if nothing was. Throws
  /// DataError, e.g. on a full disk: the file then ends where the last commit ended, and no more is
  /// written.
  void commit();

 private:
  void write_all(std::string_view bytes);
  [[noreturn]] void give_up(const char* doing);

  std::string path_;
  int fd_ = -1;
  std::int64_t end_ = 0;  // bytes that are durable
  std::string pending_;
  bool broken_ = false;
};

}  // namespace al_mpi
