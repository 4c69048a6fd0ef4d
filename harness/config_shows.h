/* config_shows.h - does a witness's heap have what its config is meant to show? A config named hpa
 * without an extent of the huge page allocator would pass, and prove nothing. */
#ifndef JEHEAP_CONFIG_SHOWS_H
#define JEHEAP_CONFIG_SHOWS_H

#include <json-c/json.h>

#include "truth.h"

/* Checks the promises of a config ("shows" in configs.json), each of:
 *     WORD        at least one extent, slab or arena of that kind is in the truth (config_shows.c)
 *     no WORD     none is
 *     NAME=VALUE  a constant of the build, in decimal
 * False: why names the first promise that does not hold. */
bool shows_all(const struct truth *truth, struct json_object *promises, char *why, size_t why_size);

#endif
