#include <al_mpi/stats/principal_plane.hpp>

#include <cmath>

#include "catch.hpp"

using namespace al_mpi;

TEST_CASE("the plane of points that lie in one has all of their variance") {
  // Two columns that vary apart, a third that is their sum but for its scale, a constant one.
  // Correlations of a and b with a + b are sqrt(1/2): components of variance 2 (a + b) and 1.
  std::vector<float> rows;
  for (const float a : {-1.0F, 1.0F}) {
    for (const float b : {-1.0F, 1.0F}) rows.insert(rows.end(), {a, b, 10 + 100 * (a + b), 7.0F});
  }
  const PrincipalPlane plane(rows, 4);
  CHECK(plane.shares()[0] == Approx(2.0 / 3));
  CHECK(plane.shares()[1] == Approx(1.0 / 3));
  // (1, 1): scaled (1, 1, sqrt 2), along the first axis (1/2, 1/2, sqrt(1/2)): 2.
  CHECK(plane.place(&rows[12])[0] == Approx(2.0));
  CHECK(plane.place(&rows[12])[1] == Approx(0.0).margin(1e-6));
  // (-1, 1): scaled (-1, 1, 0), along the second axis (-+sqrt(1/2), +-sqrt(1/2), 0).
  CHECK(plane.place(&rows[4])[0] == Approx(0.0).margin(1e-6));
  CHECK(std::abs(plane.place(&rows[4])[1]) == Approx(std::sqrt(2.0)));
  const float outside[4] = {2, 2, 410, -50};
  CHECK(plane.place(outside)[0] == Approx(4.0));
}

TEST_CASE("points that do not vary, or along one line only, have a place all the same") {
  const PrincipalPlane still({3, 4, 3, 4}, 2);
  CHECK(still.shares()[0] == 0.0);
  const float there[2] = {3, 4};
  CHECK(still.place(there)[0] == 0.0);
  const PrincipalPlane line({0, 0, 1, 2, 2, 4}, 2);
  CHECK(line.shares()[0] == Approx(1.0));
  CHECK(line.shares()[1] == Approx(0.0).margin(1e-12));
  const PrincipalPlane one({5, 6, 7}, 3);
  CHECK(one.shares()[0] == 0.0);
}
