# What jeconform makes of the lines that foreign decoders print. OSS-Fuzz has the decoder's targets alone: this
# one needs json-c where it runs.
if(JEHEAP_FUZZ_ENGINE STREQUAL "given")
  return()
endif()
find_package(PkgConfig REQUIRED)
pkg_check_modules(JSONC_OF_JUDGE REQUIRED IMPORTED_TARGET json-c)
set(vectors ${PROJECT_SOURCE_DIR}/harness/vectors)
add_library(jeheap_judge STATIC ${vectors}/judge.c ${vectors}/read_answer.c)
target_compile_definitions(jeheap_judge PRIVATE _GNU_SOURCE)
target_include_directories(jeheap_judge PUBLIC ${vectors})
target_link_libraries(jeheap_judge PUBLIC PkgConfig::JSONC_OF_JUDGE)
jeheap_fuzz_blind(judge jeheap_judge)
