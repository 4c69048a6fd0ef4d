/* layout_text.h - layouts as text: as a name, and as JSON. */
#ifndef JEHEAP_LAYOUT_TEXT_H
#define JEHEAP_LAYOUT_TEXT_H

#include "image/target.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads a layout: a file (a path that ends in .json), or a version with parameters:
 *     5.3.0
 *     5.2.1,lg_vaddr=57,lg_page=16,lg_quantum=3,lg_slab_maxregs=12,mutex=48,debug,no-oblivious,aarch64
 * JT_USAGE and a sentence in error (NULL allowed) when that cannot be done, JT_UNREADABLE when
 * memory ran out. */
JH_MUST_USE enum jt_status jt_layout_parse(const char *text, struct jh_layout *out,
                                           char error[JT_TEXT_MAX]);

/* Writes the name of the build's layout. jt_layout_parse() makes the same layout from it. */
void jt_layout_name(const struct jh_build *build, char *out, size_t size);

/* Writes the layout as one JSON object, on one line without its end. decoder/cli/JSON.md describes
 * the keys (`jeheap layout --json`). */
void jt_layout_write(const struct jh_layout *layout, FILE *file);

/* Reads what jt_layout_write() writes; text need not end in 0. The layout has passed
 * jh_layout_check(). */
JH_MUST_USE enum jt_status jt_layout_read(const char *text, size_t len, struct jh_layout *out,
                                          char error[JT_TEXT_MAX]);

#ifdef __cplusplus
}
#endif
#endif
