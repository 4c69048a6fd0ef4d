/* source_family.h - finds the family of a --source tree from its headers. */
#ifndef JEHEAP_SOURCE_FAMILY_H
#define JEHEAP_SOURCE_FAMILY_H

#include "compare.h"
#include "probe.h"

struct source_family {
    enum jh_version version;
    char version_string[64]; /* the version to build it with: the tree's own, if it is of the family
                              */
    char note[200];          /* a sentence when the tree tells another version; or "" */
};

/* Compares the constants of a configured tree with the layout of every version that jeheap knows.
 * True: all of them fit one version, and the headers have no other bit field or state. False: a
 * sentence in probe->why names what no family describes, and nearest has the mismatches with the
 * version that has the fewest. */
bool source_family(struct probe *probe, struct source_family *out, struct comparison *nearest);

#endif
