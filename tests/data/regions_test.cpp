#include "catch.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/regions.hpp>

using namespace al_mpi;

TEST_CASE("regions are numbered row by row, those of an image after those of the one before") {
  const Regions regions = regions_of(4, 6, 2);
  CHECK(regions.per_image() == 6);
  CHECK(regions.image_of(5) == 0);
  CHECK(regions.image_of(6) == 1);
  CHECK(regions.top_of(6) == 0);
  CHECK(regions.left_of(6) == 0);
  CHECK(regions.top_of(10) == 2);  // region 4 of image 1: second row, second column
  CHECK(regions.left_of(10) == 2);
  CHECK(regions.left_of(11) == 4);
}

TEST_CASE("no side, and one as long as the image, make a region of the image") {
  CHECK(regions_of(4, 6, 0).are_images());
  CHECK(regions_of(4, 6, 0).width == 6);
  CHECK(regions_of(4, 4, 4).are_images());
  CHECK_FALSE(regions_of(4, 8, 4).are_images());
}

TEST_CASE("a side that does not divide the images is refused with those that do") {
  CHECK_THROWS_WITH(regions_of(12, 18, 4),
                    "query.region: 4 does not divide the images of 12 x 18 pixels (what does: 1, "
                    "2, 3, 6; 0 = whole images)");
  CHECK_THROWS_AS(regions_of(4, 4, 8), ConfigError);
}
