/* inside.h - for tests and fuzz targets: a target that is in memory. */
#ifndef JEHEAP_OPEN_INSIDE_H
#define JEHEAP_OPEN_INSIDE_H

#include "open/open.h"
#include "skeleton/inside.h"

/* The state that each layer adds to a target, and the pointers by which the target finds it. */
struct jt_layers {
    struct jt_file_source source;
    struct jt_learnt learnt;
    struct jt_base base;
    struct jt_left_out skeleton;
};
void jt_layers_join(struct jt_private *priv, struct jt_layers *layers);

/* ---- open.c --------------------------------------------------------------------------------- */

/* A core in memory, with a callback that opens the files that it names. options->target is only its
 * name. The bytes and the callback's data must outlive the target. */
struct jt_bytes {
    const uint8_t *core;
    size_t size;
    struct jt_files files;
};

enum jt_status jt_open_bytes(const struct jt_options *options, const struct jt_bytes *bytes,
                             struct jt_target **out);

/* ---- place.c --------------------------------------------------------------------------------- */

/* thread_at.c: the thread whose stack or thread-local storage has the address; NULL: none. mapping
 * is the mapping that has the address. */
const struct jt_thread *jt_thread_at(const struct jt_target *target, uint64_t addr,
                                     struct jt_range mapping, bool *tls);

/* nearest_symbol.c: section and symbol of an address, which may be known or not. False: no part of
 * the module's file is loaded there. */
bool jt_nearest(struct jt_target *target, const struct jt_module *module, uint64_t addr,
                struct jt_place *out);

#endif
