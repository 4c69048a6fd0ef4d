/* place.h - what place.c, nearest.c and threads.c tell each other. */
#ifndef JEHEAP_TARGET_PLACE_H
#define JEHEAP_TARGET_PLACE_H

#include "private.h"

/* ---- threads.c ------------------------------------------------------------------------------ */

/* Of a core, from its notes: struct elf_prstatus. */
void jt_thread_note(struct jt_target *target, const uint8_t *note, size_t size);
/* Of a process, from /proc: later no file can be opened. */
void jt_threads_read(struct jt_target *target);
/* Which thread's stack or thread-local storage is that; NULL: none's. mapping is what it is in. */
const struct jt_thread *jt_thread_at(const struct jt_target *target, uint64_t addr,
                                     struct jt_range mapping, bool *tls);

/* ---- nearest.c ------------------------------------------------------------------------------ */

/* Section and symbol of an address of the module, which may be known or not. False: no part of the
 * file is loaded there. */
bool jt_nearest(struct jt_target *target, const struct jt_module *module, uint64_t addr,
                struct jt_place *out);

#endif
