# Machines other than this one: their compiler, and the emulator that runs what it makes.

# Sets MACHINE_CC, MACHINE_LIBS, EMULATOR, CORE (who writes the core: gdb, or qemu, or the witness
# alone) and THREAD_STORAGE (cores tell where threads have their storage) and
# THREAD_NOTE (type of the note that tells it, which the emulator does not write); SKIP says which packages are missing when the compiler makes no program or there is no
# emulator.
function(jeheap_machine configs name)
  jeheap_find(machine "${configs}" machines "${name}")
  jeheap_get_list(cc "${machine}" cc)
  jeheap_get_list(libs "${machine}" libs)
  jeheap_get_list(emulator "${machine}" emulator)
  jeheap_get_list(packages "${machine}" packages)
  jeheap_get(core "${machine}" core)
  jeheap_get(thread_storage "${machine}" thread_storage)
  jeheap_get(thread_note "${machine}" thread_note)
  list(JOIN packages " " packages)

  set(missing "")
  string(RANDOM LENGTH 8 random)
  set(probe "${JEHEAP_CACHE_DIR}/tmp/probe-${random}")
  file(WRITE "${probe}.c"
       "#include <pthread.h>\n#include <linux/auxvec.h>\nint main(void) { return 0; }\n")
  execute_process(COMMAND ${cc} -o "${probe}" "${probe}.c" RESULT_VARIABLE status
                  OUTPUT_QUIET ERROR_QUIET)
  file(REMOVE "${probe}.c" "${probe}")
  if(NOT status EQUAL 0)
    set(missing "compiler for ${name}")
  elseif(emulator)
    list(GET emulator 0 program)
    find_program(emulator_path "${program}" NO_CACHE)
    if(NOT emulator_path)
      set(missing "${program}")
    endif()
  endif()

  set(SKIP "" PARENT_SCOPE)
  if(missing)
    set(SKIP "there is no ${missing} here: ci/setup installs ${packages}" PARENT_SCOPE)
  endif()
  set(MACHINE_CC "${cc}" PARENT_SCOPE)
  set(MACHINE_LIBS "${libs}" PARENT_SCOPE)
  set(EMULATOR "${emulator}" PARENT_SCOPE)
  set(CORE "${core}" PARENT_SCOPE)
  set(THREAD_STORAGE "${thread_storage}" PARENT_SCOPE)
  set(THREAD_NOTE "${thread_note}" PARENT_SCOPE)
endfunction()
