# Finds CBMC (the proofs of ci/prove): the one in the path, else Debian's own binary package, which
# Debian 12 does not have. It is then taken from a newer suite with the libraries that it needs, is
# unpacked in the cache and started through those libraries' own loader: nothing is installed.
#
#     cmake -P harness/cmake/cbmc.cmake
#
# Prints the words of the command, a line each, as "-> WORD"; exit status 1 and "why: SENTENCE" when
# it cannot be had.
cmake_minimum_required(VERSION 3.22)

include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/apt.cmake")

set(JEHEAP_CBMC_SUITE trixie)
set(JEHEAP_CBMC_PACKAGES cbmc minisat zlib1g libstdc++6 libgcc-s1 libc6)

macro(jeheap_no_cbmc sentence)
  message("why: no cbmc: ${sentence}")
  message(FATAL_ERROR "no cbmc")
endmacro()

find_program(cbmc cbmc NO_CACHE)
if(cbmc)
  message("-> ${cbmc}")
  return()
endif()

jeheap_cache_dir(JEHEAP_CACHE_DIR)
set(root "${JEHEAP_CACHE_DIR}/cbmc/${JEHEAP_CBMC_SUITE}")
jeheap_lock(cbmc)
if(NOT EXISTS "${root}/done")
  jeheap_apt_unpack(why ${JEHEAP_CBMC_SUITE} "${root}" ${JEHEAP_CBMC_PACKAGES})
  if(why)
    jeheap_no_cbmc("${why}")
  endif()
endif()
file(GLOB loader "${root}/usr/lib/*/ld-linux*.so.*" "${root}/usr/lib/ld-linux*.so.*")
list(GET loader 0 loader)
cmake_path(GET loader PARENT_PATH libraries)
set(command "${loader}" --library-path "${libraries}:${root}/usr/lib" "${root}/usr/bin/cbmc")
if(NOT EXISTS "${root}/done")
  execute_process(COMMAND ${command} --version OUTPUT_QUIET ERROR_VARIABLE error
                  RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    jeheap_no_cbmc("the one of ${JEHEAP_CBMC_SUITE} does not run here: ${error}")
  endif()
  file(TOUCH "${root}/done")
endif()
foreach(word IN LISTS command)
  message("-> ${word}")
endforeach()
