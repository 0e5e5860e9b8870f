# al_layer(FOLDER LINK ...): static library lib_FOLDER from src/FOLDER/*.cpp (or tools/...), headers in
# include/al_mpi/FOLDER. Sources are globbed: a new file needs no CMake edit.
# al_program(NAME LINK ...): a program from src/apps/NAME.cpp and src/apps/NAME/*.cpp.

add_library(al_warnings INTERFACE)
target_compile_options(al_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       $<$<BOOL:${AL_MPI_WERROR}>:-Werror>)

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

# Headers of LibTorch that take seconds to read, read once for all targets that link al_torch. A file still includes what
# it uses: the preset `dev` builds without this.
add_library(al_torch_headers OBJECT ${CMAKE_SOURCE_DIR}/cmake/empty.cpp)
target_link_libraries(al_torch_headers PRIVATE al_torch al_warnings)
target_precompile_headers(al_torch_headers PRIVATE <torch/nn/modules/batchnorm.h> <torch/nn/modules/conv.h>
                          <torch/nn/modules/linear.h>)

function(al_share_torch_headers target)
  target_precompile_headers(${target} REUSE_FROM al_torch_headers)
endfunction()

function(al_layer folder)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  string(REPLACE "/" "_" name "lib_${folder}")
  if(folder MATCHES "^tools/")
    set(dir ${CMAKE_SOURCE_DIR}/${folder})
  else()
    set(dir ${CMAKE_SOURCE_DIR}/src/${folder})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cpp)
  if(folder MATCHES "^(model|query|tools/aggregate)$")  # their rooms are one layer with them
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
  if(folder MATCHES "^(model|query|engine)$")
    al_share_torch_headers(${name})
  endif()
endfunction()

function(al_program name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB parts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/apps/${name}/*.cpp)
  add_executable(${name} ${CMAKE_SOURCE_DIR}/src/apps/${name}.cpp ${parts})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} CLI11::CLI11 al_warnings)
endfunction()
