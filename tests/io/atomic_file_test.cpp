#include <fstream>
#include <iterator>

#include <sys/stat.h>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/io/atomic_file.hpp>

using namespace al_mpi;

namespace {

std::string contents_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("the target changes only when the new file is committed") {
  const ScratchFolder folder;
  const auto path = folder.file("a.txt");
  write_file_atomically(path, "old");
  {
    AtomicFile file(path);
    std::ofstream(file.temporary()) << "new";
    CHECK(contents_of(path) == "old");
    file.commit();
  }
  CHECK(contents_of(path) == "new");
  CHECK(folder.n_entries() == 1);
}

TEST_CASE("an abandoned file leaves nothing behind") {
  const ScratchFolder folder;
  { const AtomicFile file(folder.file("a.txt")); }
  CHECK(folder.n_entries() == 0);
}

TEST_CASE("a new file has the permissions that the umask leaves") {
  const ScratchFolder folder;
  const mode_t before = ::umask(027);
  write_file_atomically(folder.file("a.txt"), "x");
  ::umask(before);
  struct stat status {};
  ::stat(folder.file("a.txt").c_str(), &status);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("a link keeps pointing to the file that is replaced") {
  const ScratchFolder folder;
  write_file_atomically(folder.file("real.txt"), "old");
  std::filesystem::create_symlink("real.txt", folder.path() / "link.txt");
  write_file_atomically(folder.file("link.txt"), "new");
  CHECK(std::filesystem::is_symlink(folder.file("link.txt")));
  CHECK(contents_of(folder.file("real.txt")) == "new");
}

TEST_CASE("places that cannot be written are explained") {
  const ScratchFolder folder;
  CHECK_THROWS_WITH(AtomicFile(folder.file("no/a.txt")), Contains("does not exist"));
  CHECK_THROWS_WITH(AtomicFile(folder.path().string()), Contains("is a folder"));
  CHECK_THROWS_WITH(AtomicFile("/proc/a.txt"), Contains("cannot write into '/proc'"));
}
