/* source_family.h - which family of layouts an unpinned tree belongs to, learnt from its headers.
 */
#ifndef JEHEAP_SOURCE_FAMILY_H
#define JEHEAP_SOURCE_FAMILY_H

#include "compare.h"
#include "probe.h"

struct source_family {
    enum jh_version version;
    char
        version_string[64]; /* to build it with: its own where that says the family, else another */
    char note[200];         /* that the tree itself says otherwise; or "" */
};

/* Compare the constants of a configured tree with the layout of every version that jeheap knows.
 * True when all of them are one version's, and the headers have no bit field or state that is not
 * among them. False and a sentence in probe->why that names what no family describes; nearest then
 * has the mismatches with the version that has the fewest. */
bool source_family(struct probe *probe, struct source_family *out, struct comparison *nearest);

#endif
