/* place.h - what is at an address that is not jemalloc's. */
#ifndef JEHEAP_PLACE_H
#define JEHEAP_PLACE_H

#include "files/modules.h"
#include "heap/caches.h"

#ifdef __cplusplus
extern "C" {
#endif

enum jt_what {
    JT_IN_NOTHING, /* nothing is mapped there */
    JT_IN_METADATA,
    JT_IN_MODULE,
    JT_IN_STACK,
    JT_IN_TLS,  /* thread-local storage, and the C library's data of the thread */
    JT_IN_HEAP, /* memory of brk(), which belongs to another allocator */
    JT_IN_KERNEL,
    JT_IN_FILE, /* a mapped file that is not a module */
    JT_IN_ANONYMOUS
};

const char *jt_what_name(enum jt_what what); /* "unmapped", "module", "tls", ... */

/* Texts belong to the target; "" and NULL mean not known. */
struct jt_place {
    enum jt_what what;
    const struct jt_module *module;
    char section[64], symbol[256]; /* the nearest symbol at or below, in the same section */
    uint64_t symbol_offset;
    const struct jt_thread *thread;
    uint64_t start, end; /* of the mapping; 0: not known */
    const char *path;    /* of its file, "[heap]", ... */
    char permissions[8]; /* "rw-p"; a core does not say the last one */
};

void jt_place_find(struct jt_target *target, uint64_t addr, struct jt_place *out);

/* owners.c: jt_caches(), with the owner of each cache. */
const struct jt_caches *jt_caches_owned(struct jt_target *target);

#ifdef __cplusplus
}
#endif
#endif
