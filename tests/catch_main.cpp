#define CATCH_CONFIG_MAIN  // for version 2; version 3 brings its own main
#include "catch.hpp"
