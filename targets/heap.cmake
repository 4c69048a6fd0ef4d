# Whole heaps: the relations, the mutator.

add_library(jeheap_fuzz_heap STATIC
  heap_view.c heap_setup.c heap_answers.c heap_lookups.c heap_walks.c heap_changing.c mutate.c damage.c)
target_link_libraries(jeheap_fuzz_heap PUBLIC jeheap_made)
target_compile_options(jeheap_fuzz_heap PRIVATE ${JEHEAP_FUZZ_BLIND})

jeheap_fuzz_blind(heap jeheap_fuzz_heap)
jeheap_fuzz_blind(index jeheap_fuzz_heap)
# Its images have arenas and caches as well.
jeheap_fuzz_blind(check jeheap_fuzz_heap jeheap_fuzz_outer)
target_sources(fuzz_check PRIVATE check_target.c ${PROJECT_SOURCE_DIR}/decoder/cli/rule_words.c)
target_include_directories(fuzz_check PRIVATE ${PROJECT_SOURCE_DIR}/decoder/cli)
if(JEHEAP_FUZZ_ENGINE MATCHES "^(libfuzzer|given)$")
  target_sources(fuzz_heap PRIVATE mutate_libfuzzer.c)
  target_sources(fuzz_index PRIVATE mutate_libfuzzer.c)
  target_sources(fuzz_check PRIVATE mutate_libfuzzer.c)
endif()

# afl-fuzz itself loads the mutator: a plain build, whatever the target is built with.
if(JEHEAP_FUZZ_ENGINE STREQUAL "replay" AND NOT JEHEAP_SANITIZE)
  set_target_properties(jeheap jeheap_made jeheap_fuzz_heap
                        PROPERTIES POSITION_INDEPENDENT_CODE ON)
  add_library(jeheap_mutator MODULE mutate_afl.c)
  target_link_libraries(jeheap_mutator PRIVATE jeheap_fuzz_heap)
  set_target_properties(jeheap_mutator PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
endif()
