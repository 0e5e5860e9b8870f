# Tests of the programs as a user starts them: Python's unittest, one ctest entry a file.
# al_cli_test(NAME LABELS ... [TIMEOUT s] [PROCESSORS n])

# Debian's own Python holds h5py, pandas and torch; another one first in PATH may not.
find_program(AL_MPI_PYTHON python3 HINTS /usr/bin NO_DEFAULT_PATH)
find_program(AL_MPI_PYTHON python3 REQUIRED)

function(al_cli_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT;PROCESSORS" "LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_PROCESSORS)
    set(ARG_PROCESSORS 1)
  endif()
  add_test(NAME cli/${name}
           COMMAND ${AL_MPI_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/cli/${name}_test.py)
  set_tests_properties(cli/${name} PROPERTIES
    LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} PROCESSORS ${ARG_PROCESSORS}
    ENVIRONMENT "AL_BUILD_DIR=${CMAKE_BINARY_DIR};PYTHONDONTWRITEBYTECODE=1"
    SKIP_RETURN_CODE 77)
endfunction()

foreach(name IN ITEMS architecture format)
  add_test(NAME ${name} COMMAND ${AL_MPI_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/${name}_test.py)
  set_tests_properties(${name} PROPERTIES LABELS unit SKIP_RETURN_CODE 77)
endforeach()

add_test(NAME python COMMAND ${AL_MPI_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/python/al_mpi_test.py)
set_tests_properties(python PROPERTIES LABELS unit ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
# The same by pytest in the environment of a wheel's LibTorch, where it has what python/al_mpi.py needs.
if(AL_MPI_TORCH_ROOT MATCHES "^(.*)/lib/python[0-9.]+/site-packages/torch$")
  add_test(NAME python_of_the_wheel
           COMMAND ${CMAKE_MATCH_1}/bin/python3 -m pytest -q -p no:cacheprovider ${CMAKE_CURRENT_SOURCE_DIR}/python/al_mpi_test.py)
  set_tests_properties(python_of_the_wheel PROPERTIES LABELS "unit;torch" ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1"
                       SKIP_REGULAR_EXPRESSION "No module named '?(pytest|h5py|pandas)")
endif()

al_cli_test(prepare   LABELS cli torch)
al_cli_test(splits    LABELS cli)
al_cli_test(pool      LABELS cli)
al_cli_test(campaign  LABELS cli slow torch TIMEOUT 1800)
al_cli_test(libraries LABELS cli torch)
al_cli_test(gpu_check LABELS cli slow PROCESSORS 2 TIMEOUT 600)
al_cli_test(gpu_kit   LABELS cli slow PROCESSORS 2 TIMEOUT 600)
al_cli_test(install   LABELS cli mpi torch PROCESSORS 2)
al_cli_test(tensors   LABELS cli torch)
al_cli_test(embeddings LABELS cli torch)
al_cli_test(costs     LABELS cli torch)
al_cli_test(trial     LABELS cli torch)
al_cli_test(pick      LABELS cli torch)
al_cli_test(own_code  LABELS cli mpi torch PROCESSORS 2 TIMEOUT 600)
al_cli_test(own_engine LABELS cli mpi torch PROCESSORS 2 TIMEOUT 600)
al_cli_test(predict   LABELS cli torch)
al_cli_test(cases_imports LABELS cli torch)
al_cli_test(cases_paths   LABELS cli mpi torch)
al_cli_test(cases_networks LABELS cli torch)
al_cli_test(results_file LABELS cli)
al_cli_test(bad_input LABELS cli mpi PROCESSORS 2)
al_cli_test(sweep     LABELS cli mpi PROCESSORS 2)
al_cli_test(eurosat   LABELS cli torch mpi PROCESSORS 2)
al_cli_test(inspect   LABELS cli)
al_cli_test(aggregate LABELS cli)
al_cli_test(cases_statistics LABELS cli)
al_cli_test(cases_pick LABELS cli mpi)
al_cli_test(report    LABELS cli slow)
al_cli_test(farm      LABELS cli mpi PROCESSORS 2 TIMEOUT 400)
al_cli_test(launch    LABELS cli mpi PROCESSORS 2)
al_cli_test(hosts     LABELS cli mpi PROCESSORS 2)
al_cli_test(cases_farm LABELS cli mpi PROCESSORS 2 TIMEOUT 600)
al_cli_test(crash_points LABELS cli TIMEOUT 400)
al_cli_test(security  LABELS cli)
al_cli_test(tune      LABELS cli mpi PROCESSORS 2)
al_cli_test(gpu       LABELS cli gpu)
al_cli_test(slurm     LABELS cli slurm PROCESSORS 2 TIMEOUT 600)

add_test(NAME chaos COMMAND ${AL_MPI_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/chaos.py --kills 12 --seed 1)
set_tests_properties(chaos PROPERTIES LABELS "cli;mpi;chaos" TIMEOUT 400 PROCESSORS 2
  ENVIRONMENT "AL_BUILD_DIR=${CMAKE_BINARY_DIR};PYTHONDONTWRITEBYTECODE=1")
