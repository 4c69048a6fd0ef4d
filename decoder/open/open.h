/* open.h - opens a core or a running process: makes a reader, a layout and a root for jeheap.h.
 *
 *     jt_open() -> target->heap -> jh_locate(), jh_lookup_many(), jh_walk_next()
 *
 * Here is what jeheap.h leaves out because it needs an operating system: processes, cores, ELF
 * files, symbols, DWARF. Every part of the layout has its source (enum jt_source). What is not
 * known for certain becomes an error or a warning, never a silent guess. A target may be used by
 * one thread only.
 *
 * It has layers, each of which uses only those before it:
 *     image/     bytes: processes, cores, their maps, notes and threads
 *     files/     ELF files: modules, symbols, version, debug information
 *     learn/     root and layout
 *     heap/      jemalloc's own memory: arenas and base blocks
 *     skeleton/  cores to share
 * Each has an inside.h for the layers after it. */
#ifndef JEHEAP_OPEN_H
#define JEHEAP_OPEN_H

#include "files/modules.h"
#include "heap/caches.h"
#include "heap/check.h"
#include "heap/in_flight.h"
#include "heap/totals.h"
#include "image/target.h"
#include "learn/layout_text.h"
#include "learn/roots.h"
#include "open/place.h"
#include "skeleton/skeleton.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Opens a target. *out is set also when that fails, so that error and warnings can be read (NULL:
 * memory ran out); close it in any case. Its heap may be used only when JT_OK was returned. */
JH_MUST_USE enum jt_status jt_open(const struct jt_options *options, struct jt_target **out);
void jt_close(struct jt_target *target);

/* Is options->target a process id? Digits alone are; anything else is the path of a core. */
bool jt_is_process(const char *target);

#ifdef __cplusplus
}
#endif
#endif
