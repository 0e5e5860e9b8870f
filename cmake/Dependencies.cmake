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
if(AL_MPI_RASTER)
  find_package(GDAL REQUIRED)
endif()

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

include(LibTorch)  # 1.13 (Debian 12), 2.6 (Debian 13), PyPI's wheels, the official download

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
  # ccache keeps files that read precompiled headers only when told that it may.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${AL_MPI_CCACHE})
  add_compile_options($<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-fpch-preprocess>)
endif()
