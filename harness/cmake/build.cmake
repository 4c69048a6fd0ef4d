# One jemalloc: source tree in, a folder with include/, lib/libjemalloc.a (libjemalloc.so.2 when it is
# to be preloaded, stripped as distributions do it) and build.log out.

# Runs configure in TREE. BAD is empty on success.
function(jeheap_configure bad log tree)
  set(${bad} "" PARENT_SCOPE)
  if(NOT EXISTS "${tree}/configure")
    find_program(autoconf autoconf NO_CACHE)
    if(NOT autoconf)
      set(${bad} "autoconf is not installed, and this source has no configure" PARENT_SCOPE)
      return()
    endif()
    jeheap_run(status "${log}" "${tree}" autoconf)
    if(NOT status EQUAL 0)
      set(${bad} "autoconf failed" PARENT_SCOPE)
      return()
    endif()
  endif()
  if(EXISTS "${tree}/Makefile")
    jeheap_run(status "${log}" "${tree}" make distclean)
  endif()

  # The folder's name has a random part; without the map it would get into assertion messages and
  # debug information, and no two builds would be alike.
  jeheap_compiler(cc identity)
  list(JOIN cc " " cc)
  jeheap_run(status "${log}" "${tree}" env "CC=${cc}" "EXTRA_CFLAGS=-ffile-prefix-map=${tree}=."
             ${CACHE_VARS} sh ./configure ${FLAGS})
  if(NOT status EQUAL 0)
    set(${bad} "configure failed" PARENT_SCOPE)
  endif()
endfunction()

# A library that is not built here but shipped: LIBRARY of ARCHIVE, moved to PREFIX as if it had been.
function(jeheap_take_library bad log archive library tree prefix)
  jeheap_unpack_deb(wrong "${archive}" "${tree}")
  if(NOT wrong AND NOT EXISTS "${tree}/${library}")
    set(wrong "${archive} has no ${library}")
  endif()
  set(${bad} "${wrong}" PARENT_SCOPE)
  if(wrong)
    return()
  endif()
  file(REAL_PATH "${tree}/${library}" library) # the name may be a link to one with the version
  set(new "${tree}.new")
  file(MAKE_DIRECTORY "${new}/lib")
  file(RENAME "${library}" "${new}/lib/libjemalloc.so.2")
  file(COPY_FILE "${log}" "${new}/build.log")
  file(RENAME "${new}" "${prefix}")
endfunction()

# What a configured tree says without being built: its headers and sources, and configure's log.
function(jeheap_configure_jemalloc bad log tree prefix)
  jeheap_configure(wrong "${log}" "${tree}")
  set(${bad} "${wrong}" PARENT_SCOPE)
  if(wrong)
    return()
  endif()
  set(new "${tree}.new")
  file(MAKE_DIRECTORY "${new}")
  foreach(name include src config.log)
    file(RENAME "${tree}/${name}" "${new}/${name}")
  endforeach()
  file(COPY_FILE "${log}" "${new}/build.log")
  file(RENAME "${new}" "${prefix}")
endfunction()

# Builds TREE (which is used up) and moves what is needed afterwards to PREFIX in one step, so that
# a folder in the cache is always complete. BAD is empty on success; LOG has everything.
function(jeheap_build_jemalloc bad log tree prefix)
  # It is built once: without CC_MM no compiler is run a second time for each file's dependencies.
  set(make make "-j${JOBS}" CC_MM=)
  jeheap_configure(wrong "${log}" "${tree}")
  if(wrong)
    set(${bad} "${wrong}" PARENT_SCOPE)
    return()
  endif()

  # jemalloc compiles every file once only to list its symbols, from which private_namespace.h is
  # made. That needs neither an optimizer, nor debug information, nor functions that are inlined where
  # they are called, and so takes a third of the time. If it fails, the real build says why.
  file(STRINGS "${tree}/Makefile" configured REGEX "^CONFIGURE_CFLAGS *:=")
  # Not REGEX REPLACE with "^": CMake tries that again after each replacement.
  string(FIND "${configured}" "=" at)
  math(EXPR at "${at} + 1")
  string(SUBSTRING "${configured}" ${at} -1 configured)
  jeheap_run(status "${log}" "${tree}" ${make} "CFLAGS=${configured} -O0 -g0 -w -Dalways_inline=unused"
             include/jemalloc/internal/private_namespace.h)
  # Not build_lib_static: that also makes the position independent twin, for nothing.
  set(library lib/libjemalloc.a)
  if(PRELOAD)
    set(library lib/libjemalloc.so.2)
  endif()
  jeheap_run(status "${log}" "${tree}" ${make} "${library}")
  if(status EQUAL 0 AND PRELOAD)
    jeheap_run(status "${log}" "${tree}" strip --strip-all "${library}")
  endif()
  if(NOT status EQUAL 0)
    set(${bad} "make failed" PARENT_SCOPE)
    return()
  endif()
  if(NOT EXISTS "${tree}/include/jemalloc/internal/private_namespace.h")
    set(${bad} "make left no private_namespace.h" PARENT_SCOPE)
    return()
  endif()

  set(new "${tree}.new")
  file(MAKE_DIRECTORY "${new}/lib")
  file(RENAME "${tree}/include" "${new}/include")
  file(RENAME "${tree}/${library}" "${new}/${library}")
  file(RENAME "${tree}/config.log" "${new}/config.log")
  file(COPY_FILE "${log}" "${new}/build.log")
  file(RENAME "${new}" "${prefix}")
  set(${bad} "" PARENT_SCOPE)
endfunction()
