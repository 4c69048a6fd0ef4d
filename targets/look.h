/* look.h - a short look around in any heap, for targets that come by one. */
#ifndef JEHEAP_FUZZ_LOOK_H
#define JEHEAP_FUZZ_LOOK_H

#include "fuzz.h"

/* True for about one input in so many, whatever is in it: for what takes long. One that was found
 * so stays so. Always true where inputs are only replayed. */
bool fuzz_one_in(uint64_t many, const uint8_t *data, size_t size);

/* Walk, look up and locate, each a little, with this layout. What fails says why; what is owned
 * contains the address that was asked for. */
void fuzz_look(const struct jh_reader *reader, const struct jh_layout *layout, uint64_t root);

/* The pure stages on any bytes: JH_EXTENT_HEAD_MAX of them. */
void fuzz_look_pure(const struct jh_layout *layout, const uint8_t *bytes);

#endif
