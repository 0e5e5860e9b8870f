# LibTorch -> target al_torch, AL_MPI_TORCH_VERSION. Searched in this order; the line printed says which and why:
#   1. AL_MPI_TORCH (environment or -D): a folder (of a download, or site-packages/torch), `python` or `debian`
#   2. a folder of CMAKE_PREFIX_PATH that holds LibTorch
#   3. the active Python environment (VIRTUAL_ENV or CONDA_PREFIX), if it has torch
#   4. Debian's libtorch-dev
# A build folder keeps what it found; another AL_MPI_TORCH replaces it.
#
# LibTorch's own CMake files are not read: they search the whole system (and so mix two LibTorches), and for a build
# with CUDA they ask for nvcc and the toolkit, which nothing here needs.

set(al_torch_api include/torch/csrc/api/include)

# al_torch_of_python(PROGRAM RESULT): the folder of its torch, or "".
function(al_torch_of_python program result)
  set(folder "")
  execute_process(COMMAND ${program} -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
                  OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(${result} "${folder}" PARENT_SCOPE)
endfunction()

# al_find_torch(ROOT REASON): where LibTorch lies, and why it was taken.
function(al_find_torch root reason)
  set(${reason} "AL_MPI_TORCH=${AL_MPI_TORCH}" PARENT_SCOPE)
  if(AL_MPI_TORCH STREQUAL "python")
    find_program(al_python NAMES python3 python NO_CACHE REQUIRED)
    al_torch_of_python(${al_python} found)
    if(NOT found)
      message(FATAL_ERROR "AL_MPI_TORCH=python, but ${al_python} has no torch: pip install torch, or activate the environment that has it")
    endif()
    set(${root} "${found}" PARENT_SCOPE)
    return()
  elseif(AL_MPI_TORCH AND NOT AL_MPI_TORCH STREQUAL "debian")
    set(${root} "${AL_MPI_TORCH}" PARENT_SCOPE)
    return()
  endif()
  if(NOT AL_MPI_TORCH)
    string(REPLACE ":" ";" of_environment "$ENV{CMAKE_PREFIX_PATH}")
    foreach(prefix IN LISTS CMAKE_PREFIX_PATH of_environment)
      # Python's torch.utils.cmake_prefix_path is share/cmake below the folder that holds include/ and lib/.
      foreach(folder IN ITEMS ${prefix} ${prefix}/../.. ${prefix}/torch)
        if(EXISTS ${folder}/${al_torch_api}/torch/torch.h)
          get_filename_component(folder ${folder} ABSOLUTE)
          set(${root} "${folder}" PARENT_SCOPE)
          set(${reason} "CMAKE_PREFIX_PATH" PARENT_SCOPE)
          return()
        endif()
      endforeach()
    endforeach()
    foreach(variable IN ITEMS VIRTUAL_ENV CONDA_PREFIX)
      if(DEFINED ENV{${variable}})
        al_torch_of_python($ENV{${variable}}/bin/python3 found)
        if(found)
          set(${root} "${found}" PARENT_SCOPE)
          set(${reason} "the active Python environment, ${variable}" PARENT_SCOPE)
          return()
        endif()
      endif()
    endforeach()
    set(${reason} "Debian's package: neither AL_MPI_TORCH nor CMAKE_PREFIX_PATH nor an active Python environment names another" PARENT_SCOPE)
  endif()
  set(${root} /usr PARENT_SCOPE)
endfunction()

if(NOT AL_MPI_TORCH)
  set(AL_MPI_TORCH "$ENV{AL_MPI_TORCH}")
endif()
# What was found is kept with the words that led there.
if(NOT DEFINED AL_MPI_TORCH_ROOT OR (AL_MPI_TORCH AND NOT AL_MPI_TORCH STREQUAL AL_MPI_TORCH_WANTED))
  al_find_torch(al_root al_reason)
  set(AL_MPI_TORCH_ROOT "${al_root}" CACHE INTERNAL "The folder that holds LibTorch's include/ and lib/")
  set(AL_MPI_TORCH_WHY "${al_reason}" CACHE INTERNAL "Why that one")
  set(AL_MPI_TORCH_WANTED "${AL_MPI_TORCH}" CACHE INTERNAL "AL_MPI_TORCH when it was found")
endif()

set(al_torch_include_dirs ${AL_MPI_TORCH_ROOT}/${al_torch_api} ${AL_MPI_TORCH_ROOT}/include)
# Since 2.10 torch/version.h holds no numbers of its own.
set(al_torch_version "")
foreach(header IN ITEMS torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
  if(NOT al_torch_version AND EXISTS ${AL_MPI_TORCH_ROOT}/include/${header})
    file(STRINGS ${AL_MPI_TORCH_ROOT}/include/${header} al_torch_version REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
    string(REGEX MATCHALL "[0-9]+" al_torch_version "${al_torch_version}")
    list(JOIN al_torch_version "." al_torch_version)
  endif()
endforeach()
if(NOT al_torch_version)
  message(FATAL_ERROR "no LibTorch in ${AL_MPI_TORCH_ROOT} (${AL_MPI_TORCH_WHY}): that folder must hold include/torch and lib/libtorch.so")
endif()
set(AL_MPI_TORCH_VERSION ${al_torch_version})
message(STATUS "LibTorch ${AL_MPI_TORCH_VERSION} of ${AL_MPI_TORCH_ROOT} (${AL_MPI_TORCH_WHY})")

add_library(al_torch INTERFACE)
# LibTorch's headers then read the operators that they use, one header each, not all two thousand.
target_compile_definitions(al_torch INTERFACE AT_PER_OPERATOR_HEADERS)
# The wheels' libtorch.so exports a std::filesystem of its own, which crashes (remove_all in 2.11.0): libstdc++ is searched
# before it.
target_link_libraries(al_torch INTERFACE stdc++)
# Exactly these files and no others of the same name. libtorch.so brings in libtorch_cuda.so where there is one.
foreach(library IN ITEMS torch torch_cpu c10)
  find_library(al_lib${library} ${library} PATHS ${AL_MPI_TORCH_ROOT}/lib NO_DEFAULT_PATH NO_CACHE
               PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE} REQUIRED)
  target_link_libraries(al_torch INTERFACE ${al_lib${library}})
endforeach()
if(NOT AL_MPI_TORCH_ROOT STREQUAL "/usr")  # CMake leaves out folders below the project, where an environment may lie
  list(APPEND CMAKE_INSTALL_RPATH ${AL_MPI_TORCH_ROOT}/lib)
endif()
target_link_options(al_torch INTERFACE LINKER:--no-as-needed)  # no symbol of libtorch_cuda.so is named here

# Limits of a process's share of GPU memory need LibTorch's allocator, whose header needs one of CUDA's: the wheel brings
# it, the toolkit has it.
if(EXISTS ${AL_MPI_TORCH_ROOT}/lib/libc10_cuda.so)
  file(GLOB al_wheel_cuda ${AL_MPI_TORCH_ROOT}/../nvidia/*/include)
  find_path(al_cuda_include cuda_runtime_api.h PATHS ${al_wheel_cuda} $ENV{CUDA_HOME}/include /usr/local/cuda/include NO_CACHE)
  if(al_cuda_include)
    target_compile_definitions(al_torch INTERFACE AL_MPI_CUDA)
    list(APPEND al_torch_include_dirs ${al_cuda_include})
    target_link_libraries(al_torch INTERFACE ${AL_MPI_TORCH_ROOT}/lib/libc10_cuda.so)
  else()
    message(WARNING "no cuda_runtime_api.h: processes that share a GPU will not keep to their shares of its memory (install CUDA's headers, or set CUDA_HOME)")
  endif()
endif()

# LibTorch's folder may hold other versions of headers that are used here: the system's fmt comes first.
get_target_property(al_fmt_include fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
if(NOT AL_MPI_TORCH_ROOT STREQUAL "/usr" AND EXISTS ${AL_MPI_TORCH_ROOT}/include/fmt)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated/system_fmt)
  file(CREATE_LINK ${al_fmt_include}/fmt ${CMAKE_BINARY_DIR}/generated/system_fmt/fmt SYMBOLIC)
  list(PREPEND al_torch_include_dirs ${CMAKE_BINARY_DIR}/generated/system_fmt)
endif()
target_include_directories(al_torch SYSTEM INTERFACE ${al_torch_include_dirs})

# Before 2.7 the wheels have the old C++ ABI, which no other library here has.
file(STRINGS ${al_libc10} al_new_abi REGEX "__cxx11" LIMIT_COUNT 1)
if(NOT al_new_abi)
  message(FATAL_ERROR "LibTorch ${AL_MPI_TORCH_VERSION} of ${AL_MPI_TORCH_ROOT} has the old C++ ABI: take a wheel of 2.7 or later, or the download named cxx11-abi")
endif()

# From 2.14 on its headers need C++20.
if(NOT CMAKE_CXX_STANDARD)
  if(AL_MPI_TORCH_VERSION VERSION_GREATER_EQUAL 2.13)
    set(CMAKE_CXX_STANDARD 20)
  else()
    set(CMAKE_CXX_STANDARD 17)
  endif()
endif()
