# Whole heaps: the images, the relations, the mutator.

# The images of corpora/images become part of whatever asks for them: no path is needed to run it.
file(GLOB images CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/corpora/images/*)
set(JEHEAP_IMAGE_BYTES "")
set(JEHEAP_IMAGE_ROWS "")
set(count 0)
foreach(path IN LISTS images)
  cmake_path(GET path FILENAME name)
  string(APPEND JEHEAP_IMAGE_BYTES "IMAGE(image_${count}, \"${path}\")\n")
  string(APPEND JEHEAP_IMAGE_ROWS "    {\"${name}\", image_${count}, image_${count}_end},\n")
  math(EXPR count "${count} + 1")
endforeach()
configure_file(heap_files.c.in heap_files.c @ONLY)
set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/heap_files.c PROPERTIES OBJECT_DEPENDS
                            "${images}")

add_library(jeheap_heap_image STATIC heap_file.c heap_image.c heap_input.c reference.c)
target_include_directories(jeheap_heap_image PUBLIC .)
target_link_libraries(jeheap_heap_image PUBLIC jeheap)
add_library(jeheap_fuzz_heap STATIC
  heap_images.c heap_view.c heap_any.c heap_lookups.c heap_walks.c heap_restless.c
  mutate.c bend.c ../tests/image.c ../tests/street.c
  ${CMAKE_CURRENT_BINARY_DIR}/heap_files.c)
target_include_directories(jeheap_fuzz_heap PUBLIC . ../tests)
target_link_libraries(jeheap_fuzz_heap PUBLIC jeheap_heap_image jeheap_fuzz)
target_compile_options(jeheap_heap_image PRIVATE ${blind})
target_compile_options(jeheap_fuzz_heap PRIVATE ${blind})

jeheap_fuzz_blind(heap jeheap_fuzz_heap)
if(JEHEAP_FUZZ_ENGINE MATCHES "^(libfuzzer|given)$")
  target_sources(fuzz_heap PRIVATE mutate_libfuzzer.c)
endif()

# afl-fuzz itself loads the mutator: a plain build, whatever the target is built with.
if(JEHEAP_FUZZ_ENGINE STREQUAL "replay" AND NOT JEHEAP_SANITIZE)
  set_target_properties(jeheap jeheap_fuzz jeheap_heap_image jeheap_fuzz_heap
                        PROPERTIES POSITION_INDEPENDENT_CODE ON)
  add_library(jeheap_mutator MODULE mutate_afl.c)
  target_link_libraries(jeheap_mutator PRIVATE jeheap_fuzz_heap)
  set_target_properties(jeheap_mutator PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
endif()
