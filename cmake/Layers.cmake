# al_layer(FOLDER LINK ...): static library lib_FOLDER from src/FOLDER/*.cpp (or tools/...), headers in
# include/al_mpi/FOLDER. Sources are globbed: a new file needs no CMake edit.
# al_program(NAME LINK ...): a program from src/apps/NAME.cpp and src/apps/NAME/*.cpp.

add_library(al_warnings INTERFACE)
target_compile_options(al_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       $<$<BOOL:${AL_MPI_WERROR}>:-Werror>)
# GCC warns of its own std::string where C++20 makes it constexpr (its bugs 105329 and 105651), GCC 13 and later of its
# own std::vector<bool>, which LibTorch's headers use.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND (CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13 OR CMAKE_CXX_STANDARD GREATER_EQUAL 20))
  target_compile_options(al_warnings INTERFACE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
endif()

if(AL_MPI_SANITIZE)
  add_compile_options(-fsanitize=${AL_MPI_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${AL_MPI_SANITIZE})
endif()
if(AL_MPI_TIDY)
  set(CMAKE_CXX_CLANG_TIDY clang-tidy)
endif()

# The version that --version prints and results files record.
find_package(Git QUIET)
set(AL_MPI_GIT "unknown")
if(GIT_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} describe --always --dirty --tags
                  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE al_git
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(al_git)
    set(AL_MPI_GIT "${al_git}")
  endif()
endif()
configure_file(${CMAKE_SOURCE_DIR}/cmake/version.hpp.in
               ${CMAKE_BINARY_DIR}/generated/al_mpi/version.hpp @ONLY)

# Headers of LibTorch that take seconds to read, read once for all targets of a kind. A file still includes what it uses:
# the preset `dev` builds without this. GCC instantiates a precompiled header's templates anew in each file that reads it,
# so each kind has what most of its files read and no more.
function(al_torch_headers name)
  add_library(${name} OBJECT ${CMAKE_SOURCE_DIR}/cmake/empty.cpp)
  target_link_libraries(${name} PRIVATE al_torch al_warnings)
  target_precompile_headers(${name} PRIVATE ${ARGN})
endfunction()
al_torch_headers(al_tensor_headers <ATen/TensorOperators.h>)  # a tensor, and what the header of any operator reads
al_torch_headers(al_network_headers <torch/nn/module.h>)

function(al_share_torch_headers target folder)
  if(folder MATCHES "^(model|gpu)$")
    target_precompile_headers(${target} REUSE_FROM al_network_headers)
  else()
    target_precompile_headers(${target} REUSE_FROM al_tensor_headers)
  endif()
endfunction()

# Code that reads options, passes messages and writes tables is compiled with -O1: it runs for milliseconds, and -O3 takes 1.5 to 2 times as long to compile it.
set(al_light_optimization $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU,Clang>>:-O1>)

function(al_layer folder)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  string(REPLACE "/" "_" name "lib_${folder}")
  if(folder MATCHES "^tools/")
    set(dir ${CMAKE_SOURCE_DIR}/${folder})
  else()
    set(dir ${CMAKE_SOURCE_DIR}/src/${folder})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cpp)
  if(folder MATCHES "^(model|query|tools/prepare|tools/aggregate)$")  # their rooms are one layer with them
    file(GLOB rooms CONFIGURE_DEPENDS ${dir}/*/*.cpp)
    list(APPEND sources ${rooms})
  endif()
  add_library(${name} STATIC ${sources} ${CMAKE_SOURCE_DIR}/cmake/empty.cpp)
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/include ${CMAKE_BINARY_DIR}/generated
                             PRIVATE ${CMAKE_SOURCE_DIR})  # a layer's own headers: "src/FOLDER/ROOM/x.hpp"
  if(folder MATCHES "^tools/")
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK} PRIVATE al_warnings)
  if(folder MATCHES "^(model|query|engine|campaign)$")
    al_share_torch_headers(${name} ${folder})
  endif()
  if(folder MATCHES "^(config|trial|results|sweep|tools/aggregate|tools/prepare)$")
    target_compile_options(${name} PRIVATE ${al_light_optimization})
  endif()
endfunction()

function(al_program name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB parts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/apps/${name}/*.cpp)
  add_executable(${name} ${CMAKE_SOURCE_DIR}/src/apps/${name}.cpp ${parts})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} CLI11::CLI11 al_warnings)
  target_compile_options(${name} PRIVATE ${al_light_optimization})
endfunction()
