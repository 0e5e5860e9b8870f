# Every third-party library, found on the system. `scripts/install_packages.sh` holds Debian's names.
# Each becomes a SYSTEM include, so its headers raise no warnings here.

find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)  # reads rounds, of which a journal may hold a million
find_package(CLI11 REQUIRED)
find_package(Boost CONFIG REQUIRED)
find_package(MPI REQUIRED COMPONENTS CXX)
find_package(GDAL REQUIRED)

# Zip files (torch.save's format) are read in place.
find_package(ZLIB REQUIRED)
find_path(MINIZIP_INCLUDE_DIR minizip/unzip.h REQUIRED)
find_library(MINIZIP_LIBRARY minizip REQUIRED)
add_library(minizip INTERFACE)
target_include_directories(minizip SYSTEM INTERFACE ${MINIZIP_INCLUDE_DIR})
target_link_libraries(minizip INTERFACE ${MINIZIP_LIBRARY} ZLIB::ZLIB)

# Debian's serial HDF5 (the farm's one writer is rank 0; parallel HDF5 is not needed).
set(HDF5_PREFER_PARALLEL FALSE)
find_package(HDF5 REQUIRED COMPONENTS C HL)
add_library(hdf5 INTERFACE)
target_include_directories(hdf5 SYSTEM INTERFACE ${HDF5_INCLUDE_DIRS})
target_compile_definitions(hdf5 INTERFACE ${HDF5_DEFINITIONS})
target_link_libraries(hdf5 INTERFACE ${HDF5_C_LIBRARIES} ${HDF5_C_HL_LIBRARIES})

# Deflates chunks of HDF5 files, several times as fast as zlib.
find_path(LIBDEFLATE_INCLUDE_DIR libdeflate.h REQUIRED)
find_library(LIBDEFLATE_LIBRARY deflate REQUIRED)
add_library(libdeflate INTERFACE)
target_include_directories(libdeflate SYSTEM INTERFACE ${LIBDEFLATE_INCLUDE_DIR})
target_link_libraries(libdeflate INTERFACE ${LIBDEFLATE_LIBRARY})

# LibTorch 1.13 (Debian 12), 2.6 (Debian 13), or the official 2.x download by CMAKE_PREFIX_PATH.
# TorchConfig edits CMAKE_CXX_FLAGS (the C++ ABI flag); it is kept on the target instead.
set(al_saved_cxx_flags "${CMAKE_CXX_FLAGS}")
find_package(Torch REQUIRED)
set(CMAKE_CXX_FLAGS "${al_saved_cxx_flags}")
separate_arguments(al_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
set(al_torch_include_dirs ${TORCH_INCLUDE_DIRS})
if(NOT al_torch_include_dirs)  # Debian's config names none: its headers lie in /usr/include
  find_path(al_torch_api torch/torch.h PATHS /usr/include/torch/csrc/api/include NO_DEFAULT_PATH)
  set(al_torch_include_dirs ${al_torch_api})
endif()
# Its own header knows its version; Debian's config file is a patch level behind.
find_file(al_torch_version_header torch/version.h PATHS ${al_torch_include_dirs} NO_DEFAULT_PATH REQUIRED)
file(STRINGS ${al_torch_version_header} al_torch_version
     REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
string(REGEX MATCHALL "[0-9]+" al_torch_version "${al_torch_version}")
list(JOIN al_torch_version "." AL_MPI_TORCH_VERSION)
add_library(al_torch INTERFACE)
target_include_directories(al_torch SYSTEM INTERFACE ${al_torch_include_dirs})
target_compile_options(al_torch INTERFACE ${al_torch_flags})
target_link_libraries(al_torch INTERFACE ${TORCH_LIBRARIES})

find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)
add_library(xxhash INTERFACE)
target_include_directories(xxhash SYSTEM INTERFACE ${XXHASH_INCLUDE_DIR} ${RANDOM123_INCLUDE_DIR})

# Seconds per link instead of minutes over many test programs, where the linker is there.
find_program(AL_MPI_MOLD mold)
if(AL_MPI_MOLD AND NOT CMAKE_EXE_LINKER_FLAGS MATCHES "fuse-ld")
  add_link_options(-fuse-ld=mold)
endif()
find_program(AL_MPI_CCACHE ccache)
if(AL_MPI_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${AL_MPI_CCACHE})
endif()
