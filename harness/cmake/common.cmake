# What all scripts here share: the cache, results, running commands, JSON.

# Part of every cache key. Raise it when a change of these scripts makes old cache entries wrong.
set(JEHEAP_SCHEMA 1)

# The environment of whoever started us must not reach configure or make: a CFLAGS or a MALLOC_CONF
# that lies around there would change the build without changing its key.
set(ENV{LC_ALL} C)
foreach(name CFLAGS CXXFLAGS CPPFLAGS LDFLAGS EXTRA_CFLAGS MAKEFLAGS MFLAGS MAKELEVEL CONFIG_SITE
             MALLOC_CONF JE_MALLOC_CONF GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE)
  unset(ENV{${name}})
endforeach()

function(jeheap_cache_dir out)
  if(NOT "$ENV{JEHEAP_CACHE}" STREQUAL "")
    set(dir "$ENV{JEHEAP_CACHE}")
  elseif(NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
    set(dir "$ENV{XDG_CACHE_HOME}/jeheap")
  elseif(NOT "$ENV{HOME}" STREQUAL "")
    set(dir "$ENV{HOME}/.cache/jeheap")
  else()
    message(FATAL_ERROR "no place for the cache: set JEHEAP_CACHE, XDG_CACHE_HOME or HOME")
  endif()
  cmake_path(ABSOLUTE_PATH dir BASE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}" NORMALIZE)
  set(${out} "${dir}" PARENT_SCOPE)
endfunction()

# --- JSON ---------------------------------------------------------------------------------------

function(jeheap_json_string out text)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n" text "${text}")
  string(REPLACE "\t" "\\t" text "${text}")
  string(ASCII 1 first)
  string(ASCII 31 last)
  string(REGEX REPLACE "[${first}-${last}]" "" text "${text}")
  set(${out} "\"${text}\"" PARENT_SCOPE)
endfunction()

function(jeheap_json_list out)
  set(all "")
  foreach(item IN LISTS ARGN)
    jeheap_json_string(item "${item}")
    list(APPEND all "${item}")
  endforeach()
  list(JOIN all "," all)
  set(${out} "[${all}]" PARENT_SCOPE)
endfunction()

# A member as text; empty when there is none or it is null.
function(jeheap_get out json)
  string(JSON value ERROR_VARIABLE error GET "${json}" ${ARGN})
  if(error)
    set(value "")
  endif()
  set(${out} "${value}" PARENT_SCOPE)
endfunction()

# An array of strings as a list; empty when there is none.
function(jeheap_get_list out json)
  set(all "")
  string(JSON count ERROR_VARIABLE error LENGTH "${json}" ${ARGN})
  if(NOT error AND count GREATER 0)
    math(EXPR last "${count} - 1")
    foreach(i RANGE ${last})
      string(JSON item GET "${json}" ${ARGN} ${i})
      list(APPEND all "${item}")
    endforeach()
  endif()
  set(${out} "${all}" PARENT_SCOPE)
endfunction()

# The object in array ARRAY whose "name" is NAME; empty when there is none.
function(jeheap_find out json array name)
  set(found "")
  string(JSON count LENGTH "${json}" ${array})
  math(EXPR last "${count} - 1")
  foreach(i RANGE ${last})
    string(JSON this GET "${json}" ${array} ${i} name)
    if(this STREQUAL name)
      string(JSON found GET "${json}" ${array} ${i})
    endif()
  endforeach()
  set(${out} "${found}" PARENT_SCOPE)
endfunction()

# --- commands -----------------------------------------------------------------------------------

# Runs a command in DIR and appends what it says to LOG while it says it, so that a long build can
# be looked at. Sets OUT to its exit status.
function(jeheap_run out log dir)
  list(JOIN ARGN " " words)
  file(APPEND "${log}" "\n$ ${words}\n")
  execute_process(COMMAND sh -c "exec \"$@\" >>\"$0\" 2>&1 </dev/null" "${log}" ${ARGN}
                  WORKING_DIRECTORY "${dir}" RESULT_VARIABLE status)
  set(${out} "${status}" PARENT_SCOPE)
endfunction()

# What went wrong, out of a log: its first errors, else its last lines.
function(jeheap_reason out log)
  execute_process(COMMAND grep -m4 -E "error:|Error [0-9]|undefined reference|not found" "${log}"
                  OUTPUT_VARIABLE text ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(text STREQUAL "")
    execute_process(COMMAND tail -n 8 "${log}" OUTPUT_VARIABLE text ERROR_QUIET
                    OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# Waits until no other process works on NAME. The system lets go of it when the process ends,
# however it ends.
macro(jeheap_lock name)
  file(MAKE_DIRECTORY "${JEHEAP_CACHE_DIR}/locks")
  file(LOCK "${JEHEAP_CACHE_DIR}/locks/${name}" GUARD PROCESS)
endmacro()

macro(jeheap_unlock name)
  file(LOCK "${JEHEAP_CACHE_DIR}/locks/${name}" RELEASE)
endmacro()

# Compiler command as a list, and a line that changes when the compiler does. A machine of
# configs.json has a compiler of its own, in MACHINE_CC.
function(jeheap_compiler command identity)
  set(cc "$ENV{CC}")
  if(cc STREQUAL "")
    set(cc gcc)
  endif()
  separate_arguments(list UNIX_COMMAND "${cc}")
  if(MACHINE_CC)
    set(list "${MACHINE_CC}")
    list(JOIN list " " cc)
  endif()
  execute_process(COMMAND ${list} --version OUTPUT_VARIABLE version ERROR_QUIET
                  RESULT_VARIABLE status)
  execute_process(COMMAND ${list} -dumpmachine OUTPUT_VARIABLE machine ERROR_QUIET
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    set(version "")
  endif()
  string(REGEX REPLACE "\n.*" "" version "${version}")
  set(${command} "${list}" PARENT_SCOPE)
  set(${identity} "" PARENT_SCOPE)
  if(version)
    set(${identity} "${cc}: ${version} ${machine}" PARENT_SCOPE)
  endif()
endfunction()
