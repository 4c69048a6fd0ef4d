# One commit of a git repository, as a tar file.

# WHY is empty on success and ARCHIVE then exists. JEHEAP_JEMALLOC_GIT (URL or path) stands in for
# the pin's URL: a mirror, or a clone on a machine without network.
function(jeheap_git_fetch why url commit archive)
  if(NOT "$ENV{JEHEAP_JEMALLOC_GIT}" STREQUAL "")
    set(url "$ENV{JEHEAP_JEMALLOC_GIT}")
  endif()
  find_program(git git NO_CACHE)
  if(NOT git)
    set(${why} "there is no git here" PARENT_SCOPE)
    return()
  endif()
  set(ENV{GIT_TERMINAL_PROMPT} 0)
  string(RANDOM LENGTH 8 random)
  set(repository "${JEHEAP_CACHE_DIR}/tmp/git-${random}")
  set(git git -C "${repository}" -c http.lowSpeedLimit=1000 -c http.lowSpeedTime=20)
  execute_process(COMMAND git init -q --bare "${repository}" ERROR_VARIABLE error
                  OUTPUT_QUIET)
  # The commit alone, if the server lets us ask for it; else all of its history. After a timeout the
  # status is a sentence and there may be no error.
  execute_process(COMMAND ${git} fetch -q --depth 1 "${url}" ${commit}
                  TIMEOUT 300 RESULT_VARIABLE status ERROR_VARIABLE error OUTPUT_QUIET)
  if(status MATCHES "^[1-9][0-9]*$" AND
     NOT error MATCHES "unable to access|does not appear|Could not")
    execute_process(COMMAND ${git} fetch -q "${url}" "+refs/*:refs/*"
                    TIMEOUT 600 RESULT_VARIABLE status ERROR_VARIABLE error OUTPUT_QUIET)
  endif()
  execute_process(COMMAND ${git} rev-parse --verify "${commit}^{commit}"
                  OUTPUT_VARIABLE seen ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(seen STREQUAL commit)
    execute_process(COMMAND ${git} archive --format=tar -o "${archive}" ${commit}
                    RESULT_VARIABLE status ERROR_VARIABLE error)
    if(NOT status EQUAL 0)
      file(REMOVE "${archive}")
    endif()
  elseif(status EQUAL 0)
    set(error "it has no commit ${commit}")
  endif()
  file(REMOVE_RECURSE "${repository}")
  set(${why} "" PARENT_SCOPE)
  if(NOT EXISTS "${archive}")
    string(STRIP "${error}" error)
    if(error STREQUAL "")
      set(error "no message: ${status}")
    endif()
    string(REGEX REPLACE "\n.*" "" error "${error}")
    string(REGEX REPLACE "://[^/@ ]*@" "://" error "${error}")
    set(${why} "${error}" PARENT_SCOPE)
  endif()
endfunction()
