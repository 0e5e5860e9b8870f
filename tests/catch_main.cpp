#define CATCH_CONFIG_MAIN  // (Catch2 3 brings its own main: Catch2WithMain)
#include "catch.hpp"
