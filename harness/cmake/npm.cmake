# Files of the npm registry, through its own client, which knows registry, proxy and certificates.
# Nothing of a package is installed or run by it.

# Fetches FILE, which `npm pack` makes of PACKAGE (name@version), into DIR. WHY is empty on success. The
# caller checks the digest.
function(jeheap_npm_fetch why package file dir)
  find_program(npm npm NO_CACHE)
  if(NOT npm)
    set(${why} "there is no npm here" PARENT_SCOPE)
    return()
  endif()
  file(MAKE_DIRECTORY "${dir}")
  execute_process(COMMAND "${npm}" pack --silent --ignore-scripts --fetch-retries=0
                          --fetch-timeout=60000 "${package}"
                  WORKING_DIRECTORY "${dir}" OUTPUT_VARIABLE text ERROR_VARIABLE text
                  TIMEOUT 300 RESULT_VARIABLE status)
  set(${why} "" PARENT_SCOPE)
  if(NOT EXISTS "${dir}/${file}")
    string(REGEX MATCH "npm ERR! code [^\n]*" line "${text}")
    set(${why} "npm pack ${package}: status ${status} ${line}" PARENT_SCOPE)
  endif()
endfunction()
