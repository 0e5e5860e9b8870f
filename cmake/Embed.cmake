# al_embed(TARGET NAME=FILE ...): text files as constants `const char* const NAME` of namespace al_mpi::embedded,
# compiled into TARGET. Editing a file runs CMake again.

function(al_embed target)
  set(text "// Made by CMake from the files named below.\nnamespace al_mpi::embedded {\n")
  foreach(pair IN LISTS ARGN)
    string(REGEX MATCH "^([a-z_]+)=(.+)$" matched "${pair}")
    set(name ${CMAKE_MATCH_1})
    set(path ${CMAKE_SOURCE_DIR}/${CMAKE_MATCH_2})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(READ ${path} content)
    string(APPEND text "extern const char* const ${name};\nconst char* const ${name} = R\"AL_EMBED(${content})AL_EMBED\";\n")
  endforeach()
  string(APPEND text "}\n")
  set(source ${CMAKE_BINARY_DIR}/generated/${target}_embedded.cpp)
  file(WRITE ${source}.new "${text}")
  configure_file(${source}.new ${source} COPYONLY)
  target_sources(${target} PRIVATE ${source})
endfunction()
