#include "question_files.hpp"

#include <cmath>
#include <filesystem>
#include <functional>
#include <optional>

#include <nlohmann/json.hpp>

#include "markup.hpp"
#include <al_mpi/base/csv.hpp>
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/thumbnails.hpp>
#include <al_mpi/io/atomic_file.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr std::int64_t least_pixels = 256;  // height and width of a thumbnail

class Files {
 public:
  Files(const Campaign& campaign, const CampaignRound& round)
      : campaign_(campaign), round_(round), folder_(campaign.round_folder(round.round)) {}

  void write(const std::string& image_prefix) const {
    write_thumbnails();
    keep("to_label.qml", [&] { return style(); });
    keep("to_label.geojson", [&] { return geojson(); });
    keep("label_studio.xml", [&] { return interface(); });
    keep("label_studio.json", [&] { return tasks(image_prefix); });
    keep("to_label.csv", [&] { return table(); });
  }

 private:
  void keep(const std::string& name, const std::function<std::string()>& text) const {
    const std::string path = (fs::path(folder_) / name).string();
    if (!fs::exists(path)) write_file_atomically(path, text());
  }

  static std::string thumbnail_of(const Question& question) {
    return fmt::format("thumbnails/{:06}.png", question.index);
  }

  void write_thumbnails() const {
    if (round_.questions.empty()) return;
    const fs::path folder = fs::path(folder_) / "thumbnails";
    std::error_code unmade;  // the first thumbnail says so
    fs::create_directories(folder, unmade);
    std::optional<Thumbnails> thumbnails;
    for (const Question& question : round_.questions) {
      const std::string path = (fs::path(folder_) / thumbnail_of(question)).string();
      if (fs::exists(path)) continue;
      if (!thumbnails) thumbnails.emplace(*campaign_.pool());
      const Picture tile = thumbnails->of(campaign_.pool()->train(), question.index);
      write_file_atomically(path, png_bytes(enlarged(tile, least_pixels)));
    }
  }

  std::string number(double value, const char* format) const {
    return std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : "";
  }

  std::string table() const {
    std::string text =
        "name,class,suggested,probability,score,held_out,longitude,latitude,thumbnail\n";
    for (const Question& question : round_.questions) {
      const auto at = static_cast<std::size_t>(question.index);
      const bool placed = campaign_.footprints()[at].has_value();
      double longitude = NAN, latitude = NAN;
      if (placed) {
        const Footprint& corners = *campaign_.footprints()[at];
        longitude = (corners[0].longitude + corners[2].longitude) / 2;
        latitude = (corners[0].latitude + corners[2].latitude) / 2;
      }
      text +=
          fmt::format("{},,{},{},{},{},{},{},{}\n", csv_field(campaign_.name_of(question.index)),
                      csv_field(question.suggested),
                      question.suggested.empty() ? "" : number(question.probability, "{:.4f}"),
                      question.held_out ? "" : number(question.score, "{:.6g}"),
                      question.held_out ? "yes" : "no", number(longitude, "{:.6f}"),
                      number(latitude, "{:.6f}"), thumbnail_of(question));
    }
    return text;
  }

  /// RFC 7946: WGS 84, longitude first, rings against the clock.
  std::string geojson() const {
    ordered_json features = ordered_json::array();
    for (const Question& question : round_.questions) {
      const auto at = static_cast<std::size_t>(question.index);
      ordered_json geometry;
      if (campaign_.footprints()[at]) {
        ordered_json ring = ordered_json::array();
        for (const int k : {0, 3, 2, 1, 0}) {
          const Place& corner = (*campaign_.footprints()[at])[static_cast<std::size_t>(k)];
          ring.push_back({corner.longitude, corner.latitude});
        }
        geometry = {{"type", "Polygon"}, {"coordinates", ordered_json::array({ring})}};
      }
      ordered_json properties = {{"name", campaign_.name_of(question.index)},
                                 {"class", ""},
                                 {"suggested", question.suggested},
                                 {"probability", nullptr},
                                 {"score", nullptr},
                                 {"held_out", question.held_out},
                                 {"thumbnail", thumbnail_of(question)}};
      if (!question.suggested.empty()) properties["probability"] = question.probability;
      if (!question.held_out && std::isfinite(question.score)) {
        properties["score"] = question.score;
      }
      features.push_back({{"type", "Feature"}, {"properties", properties}, {"geometry", geometry}});
    }
    return ordered_json{{"type", "FeatureCollection"},
                        {"name", fmt::format("round {}", round_.round)},
                        {"features", features}}
               .dump(1) +
           "\n";
  }

  /// QGIS reads it with the layer: tiles without a class in orange, the others in green; `class` is
  /// chosen from a list.
  std::string style() const {
    const auto symbol = [](int name, const char* color) {
      return fmt::format(
          R"(   <symbol type="fill" name="{}" alpha="1"><layer class="SimpleFill" enabled="1"><Option type="Map">
     <Option type="QString" name="color" value="{},40"/><Option type="QString" name="style" value="solid"/>
     <Option type="QString" name="outline_color" value="{},255"/><Option type="QString" name="outline_width" value="0.8"/>
     <Option type="QString" name="outline_style" value="solid"/>
    </Option></layer></symbol>
)",
          name, color, color);
    };
    std::string choices;
    std::vector<std::string> all = round_.classes;
    all.emplace_back("skip");
    for (const std::string& name : all) {
      choices += fmt::format(
          R"(     <Option type="Map"><Option type="QString" name="{0}" value="{0}"/></Option>
)",
          markup(name));
    }
    return R"(<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22" styleCategories="Symbology|Fields|Forms|MapTips">
 <renderer-v2 type="RuleRenderer" enableorderby="0" symbollevels="0">
  <rules key="{0}">
   <rule key="{1}" symbol="0" label="to label" filter="&quot;class&quot; IS NULL OR &quot;class&quot; = ''"/>
   <rule key="{2}" symbol="1" label="labelled" filter="ELSE"/>
  </rules>
  <symbols>
)" + symbol(0, "230,120,0") +
           symbol(1, "0,140,60") + R"(  </symbols>
 </renderer-v2>
 <fieldConfiguration>
  <field name="class">
   <editWidget type="ValueMap"><config><Option type="Map"><Option type="List" name="map">
)" + choices +
           R"(   </Option></Option></config></editWidget>
  </field>
 </fieldConfiguration>
 <previewExpression>"name"</previewExpression>
 <mapTip>&lt;b>[% "name" %]&lt;/b>&lt;br>[% "suggested" %]&lt;br>&lt;img src="file:///[% layer_property(@layer, 'path') %]/../[% "thumbnail" %]"></mapTip>
</qgis>
)";
  }

  std::string interface() const {
    std::string choices;
    for (const std::string& name : round_.classes) {
      choices += fmt::format("    <Choice value=\"{}\"/>\n", markup(name));
    }
    return "<View>\n  <Image name=\"image\" value=\"$image\" zoom=\"true\"/>\n"
           "  <Choices name=\"class\" toName=\"image\" choice=\"single\" showInLine=\"true\">\n" +
           choices + "  </Choices>\n</View>\n";
  }

  std::string tasks(const std::string& image_prefix) const {
    ordered_json all = ordered_json::array();
    for (const Question& question : round_.questions) {
      ordered_json task = {
          {"data",
           {{"image", fmt::format("{}{}/{}", image_prefix, fs::path(folder_).filename().string(),
                                  thumbnail_of(question))},
            {"name", campaign_.name_of(question.index)}}}};
      if (!question.suggested.empty()) {
        ordered_json result = {{"from_name", "class"},
                               {"to_name", "image"},
                               {"type", "choices"},
                               {"value", {{"choices", {question.suggested}}}}};
        task["predictions"] =
            ordered_json::array({{{"model_version", fmt::format("round {}", round_.round)},
                                  {"score", question.probability},
                                  {"result", ordered_json::array({result})}}});
      }
      all.push_back(task);
    }
    return all.dump(1) + "\n";
  }

  const Campaign& campaign_;
  const CampaignRound& round_;
  std::string folder_;
};

}  // namespace

void write_question_files(const Campaign& campaign, const CampaignRound& round,
                          const std::string& image_prefix) {
  Files(campaign, round).write(image_prefix);
}

}  // namespace al_mpi
