/* layout_json.h - what layout_write.c and layout_read.c share. */
#ifndef JEHEAP_TARGET_LAYOUT_JSON_H
#define JEHEAP_TARGET_LAYOUT_JSON_H

#include "learn/inside.h"

extern const char *const jt_leaf_form_name[3]; /* by enum jh_leaf_form */

void jt_constant_key(size_t index, char out[64]); /* the JSON key of a constant: "rtree_nhib" */
bool jt_constant_is_flat(size_t index);           /* is it a key of the outermost object? */

#endif
