/* config_shows.h - does a witness's heap hold what its config is there for? A config named hpa
 * whose heap has no extent of the huge page allocator would pass, and prove nothing. */
#ifndef JEHEAP_CONFIG_SHOWS_H
#define JEHEAP_CONFIG_SHOWS_H

#include <json-c/json.h>

#include "truth.h"

/* What a config promises ("shows" in configs.json), each of:
 *     WORD        at least one extent, slab or arena of that kind is in the truth (config_shows.c)
 *     no WORD     none is
 *     NAME=VALUE  a constant of the build, in decimal
 * True when all of it holds; else false and the first that does not in why. */
bool shows_all(const struct truth *truth, struct json_object *promises, char *why, size_t why_size);

#endif
