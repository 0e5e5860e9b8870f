#include <al_mpi/base/enum_names.hpp>

#include "../catch.hpp"

namespace al_mpi {
namespace {

AL_ENUM(Fruit, apple, pear, class_balanced, auto_)

TEST_CASE("an enum and its names are one list") {
  CHECK(enum_names<Fruit>() == std::vector<std::string>{"apple", "pear", "class_balanced", "auto"});
  for (const std::string& name : enum_names<Fruit>()) {
    CHECK(name_of(enum_of<Fruit>(name, "basket.fruit")) == name);
  }
  CHECK(enum_of<Fruit>("auto", "basket.fruit") == Fruit::auto_);
}

TEST_CASE("an unknown name of an enum is an error that knows the nearest one") {
  CHECK_FALSE(find_enum<Fruit>("Apple").has_value());
  CHECK_FALSE(find_enum<Fruit>("auto_").has_value());
  CHECK_FALSE(find_enum<Fruit>("").has_value());
  CHECK_THROWS_WITH(enum_of<Fruit>("aple", "basket.fruit"),
                    "basket.fruit: unknown value 'aple' (did you mean 'apple'?)");
  CHECK_THROWS_WITH(enum_of<Fruit>("x", "basket.fruit"),
                    "basket.fruit: unknown value 'x' (known: apple, pear, class_balanced, auto)");
}

}  // namespace
}  // namespace al_mpi
