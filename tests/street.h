/* A heap with one extent of every kind that lookups and walks must tell apart: a slab, extents
 * beside each other, gaps, an extent across two leaf nodes, one across several inner nodes. */
#ifndef TESTS_STREET_H
#define TESTS_STREET_H

#include "image.h"

#define STREET_EXTENTS 7
#define STREET_PROBES (10 * STREET_EXTENTS + 3)

struct street {
    struct image image;
    uint64_t page;
    struct house {
        uint64_t at, base, size;
    } house[STREET_EXTENTS]; /* in the order of addresses */
    uint64_t probe[STREET_PROBES];
    /* addresses in, at the edges of and between the houses */
};

void street_start(struct street *street, enum jh_version version, uint8_t lg_vaddr,
                  uint8_t lg_page);
void street_end(struct street *street);

/* Address of the extent structure by searching the houses one by one; 0: none. */
uint64_t street_owner(const struct street *street, uint64_t addr);
uint64_t street_before(const struct street *street, uint64_t addr);
uint64_t street_after(const struct street *street, uint64_t addr);

/* The n-th of the versions and geometries that streets are built with; false behind the last. */
bool street_nth(struct street *street, unsigned n);

#endif
