# Upstream tarballs out of Debian's source packages, of any suite, through apt with a configuration
# of our own: apt checks signatures and knows proxies and mirrors, and the machine's own lists are
# neither used nor touched. And files of the archive's pool by name and digest, which takes no lists.

set(JEHEAP_DEBIAN_SUITES bullseye bookworm trixie sid)
set(JEHEAP_APT_LISTS_AGE 86400)  # seconds after which the lists are fetched again

# The archive that this machine gets Debian itself from.
function(jeheap_debian_site out)
  execute_process(COMMAND apt-get indextargets
                    --format "$(CREATED_BY)|$(COMPONENT)|$(LABEL)|$(RELEASE)|$(SITE)"
                  OUTPUT_VARIABLE targets ERROR_QUIET)
  set(site "")
  string(REPLACE "\n" ";" targets "${targets}")
  foreach(target IN LISTS targets)
    # RELEASE with a hyphen: security, updates, backports; they do not have everything. LABEL is
    # empty on a machine whose lists were removed, as in most containers.
    if(target MATCHES "^Packages\\|main\\|(Debian\\|[^|-]*\\|(.+)|\\|[^|-]*\\|(.+/debian/?))$")
      set(site "${CMAKE_MATCH_2}${CMAKE_MATCH_3}")
      break()
    endif()
  endforeach()
  set(${out} "${site}" PARENT_SCOPE)
endfunction()

# Errors of apt in one line, without what a URL may hold of user names and passwords.
function(jeheap_apt_errors out text)
  string(REGEX MATCHALL "E: [^\n]*" lines "${text}")
  list(LENGTH lines count)
  if(count EQUAL 0)
    set(line "no message")
  else()
    list(GET lines 0 line)
  endif()
  string(REGEX REPLACE "://[^/@ ]*@" "://" line "${line}")
  set(${out} "${line}" PARENT_SCOPE)
endfunction()

# Options that make apt work in HOME, with these suites of SITE and nothing of the machine's own.
# KIND: deb or deb-src.
function(jeheap_apt_options out home site kind)
  file(MAKE_DIRECTORY "${home}/lists/partial" "${home}/cache/archives/partial")
  set(keyring "")
  foreach(extension gpg pgp)
    if(EXISTS "/usr/share/keyrings/debian-archive-keyring.${extension}")
      set(keyring "[signed-by=/usr/share/keyrings/debian-archive-keyring.${extension}] ")
    endif()
  endforeach()
  set(list "")
  foreach(suite IN LISTS ARGN)
    string(APPEND list "${kind} ${keyring}${site} ${suite} main\n")
  endforeach()
  file(CONFIGURE OUTPUT "${home}/sources.list" CONTENT "${list}")
  # On the command line, where they win over every file in /etc/apt. Sandbox: apt as root reads as
  # another user, who need not be able to enter the cache folder. Error-Mode: an archive that cannot
  # be reached is otherwise a warning, and apt-get update ends with 0.
  set(options -q
      -o "Dir::Etc::sourcelist=${home}/sources.list" -o Dir::Etc::sourceparts=-
      -o "Dir::State::lists=${home}/lists" -o "Dir::Cache=${home}/cache"
      -o Acquire::Languages=none -o Acquire::Retries=1 -o Acquire::http::Timeout=20
      -o Acquire::https::Timeout=20 -o APT::Sandbox::User=root
      -o APT::Update::Error-Mode=any)
  set(${out} "${options}" PARENT_SCOPE)
endfunction()

# Fetches FILE of source package PACKAGE into DIR. WHY is empty on success. The caller checks the
# digest; here it only selects the package versions that have this very tarball.
function(jeheap_apt_fetch why package file sha256 dir)
  set(${why} "" PARENT_SCOPE)
  find_program(apt_get apt-get NO_CACHE)
  if(NOT apt_get)
    set(${why} "there is no apt-get here" PARENT_SCOPE)
    return()
  endif()
  jeheap_debian_site(site)
  if(NOT site)
    set(${why} "apt on this machine has no Debian archive (main)" PARENT_SCOPE)
    return()
  endif()

  set(home "${JEHEAP_CACHE_DIR}/apt")
  file(MAKE_DIRECTORY "${dir}")
  jeheap_apt_options(options "${home}" "${site}" deb-src ${JEHEAP_DEBIAN_SUITES})

  jeheap_lock(apt)
  set(stamp "${home}/updated")
  string(TIMESTAMP now "%s" UTC)
  set(updated 0)
  if(EXISTS "${stamp}")
    file(TIMESTAMP "${stamp}" updated "%s" UTC)
  endif()
  math(EXPR age "${now} - ${updated}")
  set(status 0)
  if(age GREATER JEHEAP_APT_LISTS_AGE)
    message(STATUS "apt: fetching the source lists of Debian (once a day, about 90 MB)")
    execute_process(COMMAND apt-get ${options} update
                    OUTPUT_VARIABLE text ERROR_VARIABLE text RESULT_VARIABLE status)
    if(status EQUAL 0)
      file(TOUCH "${stamp}")
    endif()
  endif()

  # More than one version has the same upstream tarball, and a mirror need not have them all.
  execute_process(COMMAND apt-cache ${options} showsrc --only-source ${package}
                  OUTPUT_VARIABLE stanzas ERROR_VARIABLE error)
  string(REPLACE ";" "," stanzas "${stanzas}")
  string(REPLACE "\n\n" ";" stanzas "${stanzas}")
  set(versions "")
  foreach(stanza IN LISTS stanzas)
    if(stanza MATCHES "${sha256}" AND stanza MATCHES "\nVersion: ([^\n]+)")
      list(APPEND versions "${CMAKE_MATCH_1}")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES versions)
  set(reason "")
  if(NOT versions)
    string(JOIN ", " suites ${JEHEAP_DEBIAN_SUITES})
    set(reason "no version of ${package} in ${suites} has ${file}")
    if(NOT status EQUAL 0) # the lists are not whole, and tell nothing of what Debian has
      jeheap_apt_errors(error "${text}")
      set(reason "apt-get update: ${error}")
    endif()
  endif()
  foreach(version IN LISTS versions)
    if(NOT EXISTS "${dir}/${file}")
      execute_process(COMMAND apt-get ${options} source --download-only --tar-only --only-source
                              "${package}=${version}"
                      WORKING_DIRECTORY "${dir}" OUTPUT_VARIABLE text ERROR_VARIABLE text)
      if(NOT EXISTS "${dir}/${file}")
        jeheap_apt_errors(error "${text}")
        string(APPEND reason "apt-get source ${package}=${version}: ${error}; ")
      endif()
    endif()
  endforeach()
  jeheap_unlock(apt)
  if(NOT EXISTS "${dir}/${file}")
    set(${why} "${reason}" PARENT_SCOPE)
  endif()
endfunction()

# Fetches FILE of the archive's pool, where it is in POOL ("main/j/jemalloc"), into DIR. A file stays
# there as long as some suite has it, whichever suites this machine uses. apt's own downloader: it
# knows what apt knows of proxies and certificates, and the digest stands for the signature. WHY is
# empty on success.
function(jeheap_pool_fetch why pool file sha256 dir)
  set(helper /usr/lib/apt/apt-helper)
  jeheap_debian_site(site)
  if(NOT EXISTS "${helper}")
    set(${why} "there is no ${helper} here" PARENT_SCOPE)
    return()
  elseif(NOT site)
    set(${why} "apt on this machine has no Debian archive (main)" PARENT_SCOPE)
    return()
  endif()
  string(REGEX REPLACE "/$" "" site "${site}")
  file(MAKE_DIRECTORY "${dir}")
  execute_process(COMMAND "${helper}" -o Acquire::Retries=1 -o Acquire::http::Timeout=20
                          -o Acquire::https::Timeout=20 -o APT::Sandbox::User=root
                          download-file "${site}/pool/${pool}/${file}" "${dir}/${file}" "SHA256:${sha256}"
                  OUTPUT_VARIABLE text ERROR_VARIABLE text RESULT_VARIABLE status)
  set(${why} "" PARENT_SCOPE)
  if(NOT status EQUAL 0 OR NOT EXISTS "${dir}/${file}")
    jeheap_apt_errors(error "${text}")
    # The address has the archive's name in it, which is the machine's own business.
    string(REGEX REPLACE "Failed to fetch [^ ]+ +" "" error "${error}")
    set(${why} "${file}: ${error}" PARENT_SCOPE)
  endif()
endfunction()

# Unpacks binary packages of a suite into ROOT; they are not installed. WHY is empty on success.
function(jeheap_apt_unpack why suite root)
  set(${why} "" PARENT_SCOPE)
  jeheap_debian_site(site)
  if(NOT site)
    set(${why} "apt on this machine has no Debian archive (main)" PARENT_SCOPE)
    return()
  endif()
  set(home "${root}/apt")
  jeheap_apt_options(options "${home}" "${site}" deb ${suite})
  file(REMOVE_RECURSE "${home}/debs")
  file(MAKE_DIRECTORY "${home}/debs")
  foreach(arguments "update" "download;${ARGN}")
    execute_process(COMMAND apt-get ${options} ${arguments} WORKING_DIRECTORY "${home}/debs"
                    OUTPUT_VARIABLE text ERROR_VARIABLE text RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
      jeheap_apt_errors(error "${text}")
      set(${why} "apt-get: ${error}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  file(GLOB debs "${home}/debs/*.deb")
  foreach(deb IN LISTS debs)
    execute_process(COMMAND dpkg-deb -x "${deb}" "${root}" RESULT_VARIABLE status
                    ERROR_VARIABLE text)
    if(NOT status EQUAL 0)
      set(${why} "dpkg-deb: ${text}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  file(REMOVE_RECURSE "${home}") # lists and archives have done their work
endfunction()
