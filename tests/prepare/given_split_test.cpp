#include "tools/prepare/classes/given_split.hpp"

#include <fstream>
#include <set>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>

using namespace al_mpi;

namespace {

struct Lists {
  ScratchFolder folder;

  std::string list(const std::string& name, const std::string& text) const {
    std::ofstream(folder.file(name)) << text;
    return folder.file(name);
  }
};

ClassFolders two_classes() {
  ClassFolders folders;
  folders.root = "tiles";
  folders.classes = {"Forest", "River"};
  folders.images = {{"Forest/1.tif", "Forest/2.tif", "Forest/3.tif"},
                    {"River/1.tif", "River/4.tif"}};
  folders.splits = {{}, {}};
  return folders;
}

}  // namespace

TEST_CASE("lists of names split images, whatever folder and extension they are written with") {
  const Lists lists;
  ClassFolders folders = two_classes();
  const auto notes = split_by_lists(
      folders,
      {lists.list("train", "Forest/1.jpg\n# a comment\n\nEuroSAT\\River\\1.png\r\n9.jpg\n"),
       lists.list("val", "2\n2\n"), lists.list("test", "4.tif\n")});
  CHECK(folders.images == std::vector<std::vector<std::string>>{{"Forest/1.tif", "Forest/2.tif"},
                                                                {"River/1.tif", "River/4.tif"}});
  CHECK(folders.splits ==
        std::vector<std::vector<std::string>>{{"train", "validation"}, {"train", "test"}});
  REQUIRE(notes.size() == 3);
  CHECK_THAT(notes[0], Contains("1 names of the lists are no images of tiles: 9.jpg"));
  CHECK_THAT(notes[1], Contains("1 names are twice in their list"));
  CHECK_THAT(notes[2], Contains("1 images are in no list and are left out"));
}

TEST_CASE("lists that cannot be meant are refused") {
  const Lists lists;
  const auto refused = [&](const std::string& train, const std::string& test) {
    ClassFolders folders = two_classes();
    split_by_lists(folders, {lists.list("train", train), lists.list("test", test)});
  };
  CHECK_THROWS_WITH(refused("2\n3\n", "3.tif\n"),
                    Contains("test") && Contains("3.tif is in the list of train, too"));
  CHECK_THROWS_WITH(refused("1\n", "4\n"), Contains("'1' may be Forest/1.tif or River/1.tif"));
  CHECK_THROWS_WITH(refused("2\n", "7\n8\n"), Contains("none of its 2 names is an image of tiles"));
  ClassFolders folders = two_classes();
  CHECK_THROWS_WITH(split_by_lists(folders, {lists.folder.file("nowhere"), "x"}),
                    Contains("not readable as a list of names"));
}

TEST_CASE("by longitude, the test set is the east, then come validation set and pool") {
  SplitRequest request;
  request.split = "longitude";
  request.n_test = 2;
  request.n_validation = 1;
  const std::vector<Place> places = {{5, 0}, {-3, 10}, {9, 60}, {7, 0}, {0, 0}};
  CHECK(split_by_place(places, request) ==
        std::vector<std::string>{"validation", "train", "test", "test", "train"});
  request.n_test = 5;
  CHECK_THROWS_WITH(split_by_place(places, request),
                    Contains("6 test and validation images asked for, there are 5"));
}

TEST_CASE("squares go as a whole to one split") {
  SplitRequest request;
  request.n_test = 10;
  request.n_validation = 5;
  std::vector<Place> places;  // 40 places 0.5 degrees (55 km) apart, 3 images within 0.2 km at each
  for (int k = 0; k < 120; ++k) places.push_back({10.25 + 0.5 * (k / 3), 0.2 + 0.001 * (k % 3)});
  std::set<std::vector<std::string>> drawn;
  for (const std::int64_t seed : {1, 2}) {
    request.seed = seed;
    request.split = "blocks=20";
    const auto splits = split_by_place(places, request);
    CHECK(splits == split_by_place(places, request));
    drawn.insert(splits);
    for (std::size_t k = 0; k < splits.size(); k += 3) {
      CHECK(splits[k] == splits[k + 1]);
      CHECK(splits[k] == splits[k + 2]);
    }
    CHECK(std::count(splits.begin(), splits.end(), "test") == 12);
    CHECK(std::count(splits.begin(), splits.end(), "validation") == 6);
  }
  CHECK(drawn.size() == 2);
  for (const char* wrong : {"blocks=", "blocks=-1", "blocks=nan", "blocks=3km"}) {
    request.split = wrong;
    CHECK_THROWS_AS(split_by_place(places, request), ConfigError);
  }
}
