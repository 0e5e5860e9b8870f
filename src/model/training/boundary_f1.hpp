#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace al_mpi {

/// How well the borders between classes are met, over the label maps of a split.
///
/// Pixels without a label take no part, in either map. A pixel is on the boundary of its class
/// where one of its four neighbours has another class. It is met where the other map has a boundary
/// pixel of the same class at most tolerance() pixels away, centre to centre. A class's precision
/// is the share of its predicted boundary pixels that are met, its recall that of its true ones,
/// both over all maps together.
///
/// Reference: Csurka et al., What is a good evaluation measure for semantic segmentation? (BMVC
/// 2013), section 3. Differs: it takes precision and recall of each image and averages the F1 over
/// images; small tiles often have no boundary of a class, so they are counted together here.
class BoundaryF1 {
 public:
  /// Maps [height, width] of labels 0 .. n_classes - 1; `ignored` is no label.
  BoundaryF1(std::int64_t n_classes, std::int64_t height, std::int64_t width, std::int64_t ignored);

  /// 0.75 % of the map's diagonal, as in the paper, rounded, at least 1 [pixels].
  static std::int64_t tolerance(std::int64_t height, std::int64_t width);

  void add(const std::int64_t* truth, const std::int64_t* predicted);

  /// Mean F1 of the classes with a true boundary; NaN where there is none.
  double value() const;

 private:
  struct Counts {
    std::int64_t n = 0, met = 0;  ///< boundary pixels
    double share() const { return static_cast<double>(met) / static_cast<double>(n); }
  };

  void find_boundary(const std::int64_t* map, const std::int64_t* truth,
                     std::vector<std::int16_t>& boundary) const;
  void count(const std::vector<std::int16_t>& boundary, const std::vector<std::int16_t>& other,
             std::vector<Counts>& counts) const;

  std::int64_t height_, width_, ignored_, margin_, row_;
  std::vector<std::int64_t> offsets_;  ///< to the pixels within the tolerance, the nearest first
  /// Class of each boundary pixel, -1 elsewhere: [height + 2 margin, row].
  std::vector<std::int16_t> true_boundary_, predicted_boundary_;
  std::vector<Counts> true_, predicted_;  ///< [n_classes]
};

}  // namespace al_mpi
