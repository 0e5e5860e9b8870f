# Inline functions and templates are weak symbols: of all copies the linker keeps any, for the whole program. One that was
# compiled for AVX-512 would end the program on a processor without it. So the sources compiled for it define weak symbols
# of their own namespace alone.
execute_process(COMMAND ${NM} -C --defined-only ${OBJECTS} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[0-9a-f]+ [WVu] [^\n]*" weak "${symbols}")
list(LENGTH weak n_weak)
list(FILTER weak EXCLUDE REGEX "pixel_kernels::avx512::")
if(weak)
  list(JOIN weak "\n" weak)
  message(FATAL_ERROR "inline functions that other sources share, compiled for AVX-512:\n${weak}")
endif()
if(n_weak EQUAL 0)
  message(FATAL_ERROR "no weak symbol at all in ${OBJECTS}")
endif()
message(STATUS "${n_weak} weak symbols, all of pixel_kernels::avx512")
