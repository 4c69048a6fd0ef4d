/* write_extent.h - an extent's bytes from its fields: the way back that the decoder does not have,
 * written from jemalloc's headers and not from a layout. */
#ifndef JEHEAP_FUZZ_WRITE_EXTENT_H
#define JEHEAP_FUZZ_WRITE_EXTENT_H

#include "builds.h"

/* e_bits, e_addr, e_bsize (hence size and esn), e_ps and e_sn as edata.h (5.3 and later) and
 * extent_structs.h (before) have them. Bits of fields that are too large are cut off. bytes has
 * room for JH_EXTENT_HEAD_MAX. Returns how many bytes the fields take. */
size_t fuzz_write_extent(const struct jh_build *build, const struct jh_extent *extent,
                         uint8_t *bytes);

#endif
