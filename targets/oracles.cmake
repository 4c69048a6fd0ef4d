# jemalloc's own functions as oracles: one object for each pin and config whose jemalloc is in the
# cache (harness/cmake/README.md). Nothing is built here: `ci/fuzz` and `jeconform run` fill the cache.

set(JEHEAP_ORACLE_CONFIGS default la57 CACHE STRING "configs of jeconform that become oracles")

# The cells of the cache are this machine's: other builds go without.
if(NOT CMAKE_SIZEOF_VOID_P EQUAL 8 OR CMAKE_CROSSCOMPILING)
  set(JEHEAP_ORACLE_CONFIGS "")
endif()

# Sets OUT to the folder of that build, or to nothing.
function(jeheap_built out pin config)
  set(result ${CMAKE_CURRENT_BINARY_DIR}/oracle.json)
  # CC would be the jemallocs' compiler, and it is the targets'.
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env --unset=CC ${CMAKE_COMMAND} -DPIN=${pin} -DCONFIG=${config} -DSTAGE=jemalloc -DCACHED_ONLY=ON
            -DRESULT=${result} -P ${PROJECT_SOURCE_DIR}/harness/cmake/cell.cmake
    OUTPUT_QUIET ERROR_QUIET)
  file(READ ${result} json)
  string(JSON prefix GET "${json}" prefix)
  set(${out} "${prefix}" PARENT_SCOPE)
endfunction()

file(READ ${PROJECT_SOURCE_DIR}/harness/pins.json pins)
string(JSON count LENGTH "${pins}" pins)
math(EXPR last "${count} - 1")
set(objects "")
set(declared "")
set(listed "")
foreach(i RANGE ${last})
  string(JSON pin GET "${pins}" pins ${i} name)
  foreach(config IN LISTS JEHEAP_ORACLE_CONFIGS)
    jeheap_built(prefix ${pin} ${config})
    if(prefix)
      string(MAKE_C_IDENTIFIER "oracle_${pin}_${config}" name)
      # jemalloc's code as it is: its warnings, shifts and builds are not what is tested.
      add_library(${name} OBJECT oracle.c)
      target_include_directories(${name} PRIVATE ${prefix}/include)
      target_link_libraries(${name} PRIVATE jeheap)
      target_compile_definitions(${name} PRIVATE _GNU_SOURCE _REENTRANT ORACLE=${name}
                                                 ORACLE_NAME="${pin} ${config}")
      target_compile_options(${name} PRIVATE -O2 -w -fno-sanitize=all)
      set_target_properties(${name} PROPERTIES C_EXTENSIONS ON EXPORT_COMPILE_COMMANDS OFF)
      list(APPEND objects $<TARGET_OBJECTS:${name}>)
      string(APPEND declared "extern const struct oracle ${name};\n")
      string(APPEND listed "&${name}, ")
    endif()
  endforeach()
endforeach()
list(LENGTH objects count)
message(STATUS "${count} of jemalloc's builds are oracles for fuzz_oracle")
file(CONFIGURE OUTPUT oracles.c CONTENT "#include \"oracle.h\"

${declared}
const struct oracle *const oracles[] = {${listed}NULL};
")
add_library(jeheap_oracles STATIC ${CMAKE_CURRENT_BINARY_DIR}/oracles.c ${objects})
target_include_directories(jeheap_oracles PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(jeheap_oracles PRIVATE jeheap)
set_target_properties(jeheap_oracles PROPERTIES EXPORT_COMPILE_COMMANDS OFF)
