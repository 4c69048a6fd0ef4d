/* modules.h - the files that a target has mapped, and jemalloc's variables by their names. */
#ifndef JEHEAP_MODULES_H
#define JEHEAP_MODULES_H

#include "image/target.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The address and size of jemalloc's variable with this name, without prefix: "tcaches", "arenas".
 * False: no symbol names it. */
bool jt_symbol(struct jt_target *target, const char *name, uint64_t *addr, uint64_t *size);

/* The module that has the address; NULL: none has. */
const struct jt_module *jt_module_at(const struct jt_target *target, uint64_t addr);

/* The build-id as hexadecimal digits in lower case; "" when there is none. */
void jt_build_id_text(const struct jt_build_id *id, char out[2 * JT_BUILD_ID_MAX + 1]);

#ifdef __cplusplus
}
#endif
#endif
