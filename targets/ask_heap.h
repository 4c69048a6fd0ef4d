/* ask_heap.h - a few lookups and a short walk in any heap, for targets that have opened one. */
#ifndef JEHEAP_FUZZ_ASK_HEAP_H
#define JEHEAP_FUZZ_ASK_HEAP_H

#include "fuzz.h"

/* Walks, looks up and locates with this layout, each a few times. Checks that failures have a
 * fault, and that an owned location has the address that was asked for. */
void fuzz_ask_heap(const struct jh_reader *reader, const struct jh_layout *layout, uint64_t root);

/* Calls the pure stages with any JH_EXTENT_HEAD_MAX bytes. */
void fuzz_ask_pure(const struct jh_layout *layout, const uint8_t *bytes);

#endif
