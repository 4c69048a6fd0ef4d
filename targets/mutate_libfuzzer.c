/* mutate_libfuzzer.c - libFuzzer's way to the mutator; now and then its own takes the turn. Other
 * engines that OSS-Fuzz links have none of their own to offer, and may never ask. */
#include "mutate.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    return seed % 8 || !LLVMFuzzerMutate ? heap_mutate(data, size, max_size, seed)
                                         : LLVMFuzzerMutate(data, size, max_size);
}
