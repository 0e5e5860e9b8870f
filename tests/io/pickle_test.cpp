#include "src/io/pickle.hpp"

#include "catch.hpp"

using namespace al_mpi;

TEST_CASE("names that double themselves stay short") {
  std::string bytes = "\x8c\x64" + std::string(100, 'a');  // a text of 100 characters
  for (int i = 0; i < 60; ++i) bytes += "2\x93";           // itself twice: a class's name
  CHECK(Pickle(bytes + ".").root().text.size() <= 257);
}

TEST_CASE("a list may hold itself, what is cut off may not be read") {
  const std::string bytes = "]q" + std::string(1, '\0') + "h" + std::string(1, '\0') + "a.";
  const Pickle pickle(bytes);
  REQUIRE(pickle.root().items.size() == 1);
  CHECK(pickle.root().items[0] == &pickle.root());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    CHECK_THROWS_AS(Pickle(bytes.substr(0, n)), PickleError);
  }
  CHECK_THROWS_AS(Pickle("t."), PickleError);      // a tuple without a mark
  CHECK_THROWS_AS(Pickle("h\x07."), PickleError);  // never remembered
}
