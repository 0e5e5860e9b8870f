#include <al_mpi/base/error.hpp>
#include <al_mpi/campaign/answers_file.hpp>

#include "catch.hpp"
#include "scratch_folder.hpp"

using namespace al_mpi;

namespace {

std::vector<Answer> read(const std::string& text, const std::string& name = "answers.csv") {
  const ScratchFolder folder;
  std::ofstream(folder.file(name), std::ios::binary) << text;
  return read_answers(folder.file(name));
}

void check_same(const Answer& answer, const Answer& expected) {
  CHECK(answer.name == expected.name);
  CHECK(answer.label == expected.label);
  CHECK(answer.skip == expected.skip);
  CHECK(answer.annotator == expected.annotator);
}

}  // namespace

TEST_CASE("A table of answers is read as spreadsheets write it") {
  const auto answers = read(
      "\xEF\xBB\xBFname;class;note\r\n"
      "\"a;1.tif\";\"Forest\";\"he said \"\"old\"\"\"\r\n"
      "b.tif;;not looked at yet\r\n"
      "c.tif; SKIP ;\r\n"
      "\r\n"
      "d.tif;Sea Lake;");
  REQUIRE(answers.size() == 3);
  check_same(answers[0], {"a;1.tif", "Forest", false, ""});
  check_same(answers[1], {"c.tif", "", true, ""});
  check_same(answers[2], {"d.tif", "Sea Lake", false, ""});
}

TEST_CASE("A table may say who answered, its columns stand in any order") {
  const auto answers = read("Annotator,class,name\nann,Forest,a.tif\n,River,b.tif\n");
  REQUIRE(answers.size() == 2);
  check_same(answers[0], {"a.tif", "Forest", false, "ann"});
  check_same(answers[1], {"b.tif", "River", false, ""});
}

TEST_CASE("GeoJSON answers are properties of its features, null where there is none") {
  const auto answers = read(R"({"type": "FeatureCollection", "crs": null, "features": [
    {"type": "Feature", "geometry": null, "properties": {"name": "a.tif", "class": "Forest"}},
    {"type": "Feature", "geometry": null, "properties": {"name": "b.tif", "class": null}},
    {"type": "Feature", "geometry": null, "properties": {"name": "c.tif", "class": "skip",
     "annotator": "ann"}}]})");
  REQUIRE(answers.size() == 2);
  check_same(answers[0], {"a.tif", "Forest", false, ""});
  check_same(answers[1], {"c.tif", "", true, "ann"});
}

// As Label Studio exports a project of image classification (its documentation, "Label Studio JSON
// format of annotated tasks"): two people, one cancelled annotation, one task nobody has seen.
constexpr const char* label_studio_export = R"([
 {"id": 1, "annotations": [
   {"id": 1001, "completed_by": 10, "result": [
     {"value": {"choices": ["Forest"]}, "id": "Dx_aB91ISN", "from_name": "class", "to_name": "image",
      "type": "choices", "origin": "manual"}],
    "was_cancelled": false, "ground_truth": false, "created_at": "2026-03-09T22:16:08.728353Z",
    "updated_at": "2026-03-09T22:16:08.728378Z", "draft_created_at": null, "lead_time": 4.288,
    "prediction": {}, "result_count": 1, "unique_id": "5a6b", "task": 1, "project": 83},
   {"id": 1002, "completed_by": {"id": 11, "email": "bob@example.com", "first_name": "",
    "last_name": ""}, "result": [
     {"value": {"choices": ["Pasture"]}, "id": "t5sp3TyXPo", "from_name": "class",
      "to_name": "image", "type": "choices", "origin": "prediction"}],
    "was_cancelled": false, "lead_time": 2.1, "task": 1, "project": 83}],
  "file_upload": "3f-label_studio.json", "drafts": [],
  "predictions": [7], "data": {"image": "/data/local-files/?d=land/round_01/thumbnails/000003.png",
  "name": "Forest/Forest_1.tif"}, "meta": {}, "created_at": "2026-03-09T21:52:49.513742Z",
  "inner_id": 1, "total_annotations": 2, "cancelled_annotations": 0, "total_predictions": 1,
  "project": 83, "updated_by": 10},
 {"id": 2, "annotations": [
   {"id": 1003, "completed_by": 10, "result": [], "was_cancelled": true, "task": 2}],
  "predictions": [], "data": {"image": "x.png", "name": "b.tif"}},
 {"id": 3, "annotations": [], "predictions": [], "data": {"image": "y.png", "name": "c.tif"}}
])";

TEST_CASE("Label Studio's export tells each person's answer, cancelled ones are skips") {
  const auto answers = read(label_studio_export, "export.json");
  REQUIRE(answers.size() == 3);
  check_same(answers[0], {"Forest/Forest_1.tif", "Forest", false, "user 10"});
  check_same(answers[1], {"Forest/Forest_1.tif", "Pasture", false, "bob@example.com"});
  check_same(answers[2], {"b.tif", "", true, "user 10"});
}

TEST_CASE("Exports that Label Studio 1.23.2 wrote of a campaign are read") {
  const std::string folder = AL_TEST_DATA "/label_studio/";
  const Answer first = {"PermanentCrop/PermanentCrop_537.tif", "PermanentCrop", false, "user 1"};
  const Answer third = {"HerbaceousVegetation/HerbaceousVegetation_2058.tif", "Industrial", false,
                        "user 1"};
  const auto json = read_answers(folder + "export.json");
  REQUIRE(json.size() == 4);
  check_same(json[0], first);
  check_same(json[1], {"Highway/Highway_1950.tif", "", true, "user 1"});
  check_same(json[2], third);
  const auto json_min = read_answers(folder + "export_min.json");  // without what was cancelled
  REQUIRE(json_min.size() == 3);
  check_same(json_min[0], first);
  check_same(json_min[1], third);
  const auto csv = read_answers(folder + "export.csv");
  REQUIRE(csv.size() == 2);
  check_same(csv[0], first);
}

TEST_CASE("Label Studio's JSON-MIN holds one answer a row") {
  const auto answers = read(R"([{"image": "x.png", "name": "a.tif", "id": 1, "class": "Forest",
    "annotator": 1, "annotation_id": 5, "created_at": "", "updated_at": "", "lead_time": 3.1},
    {"image": "y.png", "name": "b.tif", "id": 2, "class": {"choices": ["River"]}, "annotator": 2}])");
  REQUIRE(answers.size() == 2);
  check_same(answers[0], {"a.tif", "Forest", false, "user 1"});
  check_same(answers[1], {"b.tif", "River", false, "user 2"});
}

TEST_CASE("A file that is no answers says what is wrong with it") {
  CHECK_THROWS_WITH(read(""), Contains("is empty"));
  CHECK_THROWS_WITH(read("tile,class\na,b\n"), Contains("no column 'name'"));
  CHECK_THROWS_WITH(read("name,label\na,b\n"), Contains("no column 'class'"));
  CHECK_THROWS_WITH(read("name,class\n\"a,b\n"), Contains("never closed"));
  CHECK_THROWS_WITH(read("name,class\na,For\xEAt\n"), Contains("UTF-8"));
  CHECK_THROWS_WITH(read(std::string("n\0a\0", 4)), Contains("UTF-8"));
  CHECK_THROWS_WITH(read("[{]"), Contains("is no JSON"));
  CHECK_THROWS_WITH(read("{\"type\": \"Topology\"}"), Contains("neither GeoJSON"));
  CHECK_THROWS_WITH(read("[{\"id\": 4, \"data\": {\"image\": \"x\"}, \"annotations\": []}]"),
                    Contains("task 4 has no data field 'name'"));
  CHECK_THROWS_WITH(
      read(R"([{"id": 4, "data": {"name": "a"}, "annotations": [{"result": [{"type": "choices",
           "value": {"choices": ["Forest", "River"]}}]}]}])"),
      Contains("a has 2 classes at once"));
  CHECK_THROWS_WITH(read("{\"type\": \"FeatureCollection\", \"features\": [{\"properties\": {}}]}"),
                    Contains("no property 'class'"));
  CHECK_THROWS_WITH(read_answers("/nowhere/a.csv"), Contains("cannot be read"));
}
