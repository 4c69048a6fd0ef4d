/* ask_heap.h - a short look around in any heap, for targets that come by one. */
#ifndef JEHEAP_FUZZ_ASK_HEAP_H
#define JEHEAP_FUZZ_ASK_HEAP_H

#include "fuzz.h"

/* Walk, look up and locate, each a little, with this layout. What fails says why; what is owned
 * contains the address that was asked for. */
void fuzz_ask_heap(const struct jh_reader *reader, const struct jh_layout *layout, uint64_t root);

/* The pure stages on any bytes: JH_EXTENT_HEAD_MAX of them. */
void fuzz_ask_pure(const struct jh_layout *layout, const uint8_t *bytes);

#endif
