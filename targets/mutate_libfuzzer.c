/* mutate_libfuzzer.c - the mutator for libFuzzer, which alternates with libFuzzer's own. Other
 * engines that OSS-Fuzz links have no mutator that can be called, and may never call this one. */
#include "mutate.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    return seed % 8 || !LLVMFuzzerMutate ? heap_mutate(data, size, max_size, seed)
                                         : LLVMFuzzerMutate(data, size, max_size);
}
