#include <cmath>
#include <cstdint>
#include <vector>

#include "catch.hpp"
#include "src/model/training/boundary_f1.hpp"
#include <al_mpi/base/rng.hpp>

using namespace al_mpi;

namespace {

using Map = std::vector<std::int64_t>;

double boundary_f1(std::int64_t height, std::int64_t width, const Map& truth, const Map& predicted,
                   std::int64_t ignored = 0, std::int64_t n_classes = 4) {
  BoundaryF1 found(n_classes, height, width, ignored);
  found.add(truth.data(), predicted.data());
  return found.value();
}

/// The definition, pair by pair of pixels; several maps below each other never meet.
double pair_by_pair(std::int64_t height, std::int64_t width, const std::vector<Map>& truths,
                    const std::vector<Map>& predictions, std::int64_t ignored,
                    std::int64_t n_classes) {
  struct Pixel {
    std::size_t map;
    double y, x;
  };
  const auto boundary = [&](const std::vector<Map>& maps, std::int64_t label) {
    std::vector<Pixel> pixels;
    for (std::size_t m = 0; m < maps.size(); ++m) {
      for (std::int64_t i = 0; i < height * width; ++i) {
        bool edge = false;
        for (std::int64_t j = 0; j < height * width; ++j) {
          const bool beside =
              std::abs(i / width - j / width) + std::abs(i % width - j % width) == 1;
          const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
          edge = edge || (beside && truths[m][a] != ignored && truths[m][b] != ignored &&
                          maps[m][a] == label && maps[m][b] != label);
        }
        if (edge)
          pixels.push_back({m, static_cast<double>(i / width), static_cast<double>(i % width)});
      }
    }
    return pixels;
  };
  const auto tolerance = static_cast<double>(BoundaryF1::tolerance(height, width));
  const auto met = [&](const std::vector<Pixel>& some, const std::vector<Pixel>& others) {
    double n = 0;
    for (const Pixel& a : some) {
      bool any = false;
      for (const Pixel& b : others) {
        any = any || (a.map == b.map && std::hypot(a.y - b.y, a.x - b.x) <= tolerance);
      }
      n += any ? 1 : 0;
    }
    return n / static_cast<double>(some.size());
  };
  double sum = 0, n = 0;
  for (std::int64_t k = 0; k < n_classes; ++k) {
    const auto there = boundary(truths, k), seen = boundary(predictions, k);
    if (there.empty()) continue;
    ++n;
    if (seen.empty()) continue;
    const double precision = met(seen, there), recall = met(there, seen);
    if (precision + recall > 0) sum += 2 * precision * recall / (precision + recall);
  }
  return sum / n;
}

}  // namespace

// Calculated by hand.
TEST_CASE("a boundary that is off by one pixel is met, by two it is not") {
  const Map truth = {1, 1, 1, 2, 2, 2};
  CHECK(boundary_f1(1, 6, truth, truth) == 1.0);
  CHECK(boundary_f1(1, 6, truth, {1, 1, 2, 2, 2, 2}) == 1.0);
  CHECK(boundary_f1(1, 6, truth, {1, 2, 2, 2, 2, 2}) == 0.0);
  CHECK(boundary_f1(1, 6, truth, {2, 2, 2, 2, 2, 2}) == 0.0);
  CHECK(boundary_f1(1, 6, truth, {1, 1, 1, 3, 3, 3}) == 0.5);  // of class 2 nothing is seen
  CHECK(std::isnan(boundary_f1(1, 6, {1, 1, 1, 1, 1, 1}, truth)));
}

TEST_CASE("precision and recall of boundary pixels are counted a class") {
  const Map truth = {1, 1, 1, 2, 2, 2,  //
                     1, 1, 1, 2, 2, 2};
  const Map seen = {1, 1, 1, 2, 2, 2,  //
                    1, 2, 2, 2, 2, 2};
  // Each class has 2 true boundary pixels, both met, and 3 seen ones, of which 2 are met.
  CHECK(boundary_f1(2, 6, truth, seen) == Approx(0.8));
}

TEST_CASE("pixels without a label are no boundary, and nothing is seen there") {
  CHECK(std::isnan(boundary_f1(1, 3, {1, 0, 2}, {1, 1, 2})));
  // What is seen beyond the gap would be a boundary of class 1 at the first pixel.
  CHECK(boundary_f1(1, 5, {1, 0, 2, 2, 1}, {1, 2, 2, 2, 1}) == 1.0);
}

TEST_CASE("the tolerance is 0.75 % of the diagonal, and a pixel at least") {
  CHECK(BoundaryF1::tolerance(16, 16) == 1);
  CHECK(BoundaryF1::tolerance(64, 64) == 1);
  CHECK(BoundaryF1::tolerance(256, 256) == 3);
  CHECK(BoundaryF1::tolerance(512, 512) == 5);
}

TEST_CASE("boundaries of random maps are met as often as a look at all pairs of pixels says") {
  RngStream rng(1, "maps");
  const std::int64_t n_classes = 4;
  for (const auto& [height, width] : {std::pair<int, int>{9, 7}, {3, 300}}) {  // tolerance 1 and 2
    BoundaryF1 found(n_classes, height, width, 0);
    std::vector<Map> truths(2), predictions(2);
    for (std::size_t m = 0; m < truths.size(); ++m) {
      for (int i = 0; i < height * width; ++i) {
        const bool run = i > 0 && rng.below(10) < 7;  // of equal labels
        truths[m].push_back(run ? truths[m].back() : static_cast<int>(rng.below(4)));
        predictions[m].push_back(rng.below(5) > 0 && truths[m].back() > 0
                                     ? truths[m].back()
                                     : 1 + static_cast<int>(rng.below(3)));
      }
      found.add(truths[m].data(), predictions[m].data());
    }
    const double expected = pair_by_pair(height, width, truths, predictions, 0, n_classes);
    CHECK(expected > 0.1);
    CHECK(expected < 1.0);
    CHECK(found.value() == Approx(expected).epsilon(1e-12));
  }
}
