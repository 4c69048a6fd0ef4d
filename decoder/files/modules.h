/* modules.h - the files that a target has mapped, and jemalloc's variables by their names. */
#ifndef JEHEAP_MODULES_H
#define JEHEAP_MODULES_H

#include "image/target.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A jemalloc variable by its name without prefix: "tcaches", "arenas". False when not found. */
bool jt_symbol(struct jt_target *target, const char *name, uint64_t *addr, uint64_t *size);

/* Which module is the address in; NULL when in none. */
const struct jt_module *jt_module_at(const struct jt_target *target, uint64_t addr);

/* Hexadecimal, lower case; "" for none. */
void jt_build_id_text(const struct jt_build_id *id, char out[2 * JT_BUILD_ID_MAX + 1]);

#ifdef __cplusplus
}
#endif
#endif
