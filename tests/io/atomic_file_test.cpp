#include <fstream>
#include <iterator>

#include <sys/stat.h>
#include <unistd.h>

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

TEST_CASE("what a killed process left goes with the next file of that name, and nothing else") {
  const ScratchFolder folder;
  const std::string left = folder.file(".a.txt.0123456789abcdef.tmp");
  const std::string of_another = folder.file(".b.txt.0123456789abcdef.tmp");
  const std::vector<std::string> not_ours = {
      folder.file(".a.txt.notes.tmp"), folder.file("a.txt.0123456789abcdef.tmp"),
      folder.file(".a.txt.0123456789abcdeg.tmp"), folder.file(".tmp")};
  for (const auto& path : not_ours) std::ofstream(path) << "x";
  for (const auto& path : {left, of_another}) std::ofstream(path) << "x";
  const AtomicFile in_use(folder.file("a.txt"));
  CHECK_FALSE(std::filesystem::exists(left));
  CHECK(std::filesystem::exists(of_another));
  const AtomicFile second(folder.file("a.txt"));
  CHECK(std::filesystem::exists(in_use.temporary()));
  remove_abandoned(folder.path().string());
  CHECK_FALSE(std::filesystem::exists(of_another));
  CHECK(std::filesystem::exists(in_use.temporary()));
  for (const auto& path : not_ours) CHECK(std::filesystem::exists(path));
  remove_abandoned(folder.file("nowhere"));  // no folder, nothing to do
}

TEST_CASE("a scratch folder is abandoned once its maker is gone") {
  const ScratchFolder folder;
  const std::string path = folder.path().string();
  const int fd = mark_as_used(path);
  REQUIRE(fd >= 0);
  CHECK_FALSE(is_abandoned(path));
  ::close(fd);
  CHECK(is_abandoned(path));
  CHECK_FALSE(is_abandoned(folder.file("nowhere")));
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
