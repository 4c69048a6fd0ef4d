/* flags.h - what a vector shows: known traps, each with a note and links. */
#ifndef JEHEAP_FLAGS_H
#define JEHEAP_FLAGS_H

#include <json-c/json.h>
#include <stddef.h>

struct flag {
    const char *name, *note, *link; /* link: "" where there is none */
};

/* Index 0 .., NULL behind the last. */
const struct flag *flag_nth(size_t index);
/* NULL: there is no such flag. */
const struct flag *flag_named(const char *name);

/* {"note","link"}, for a vector file's notes. */
struct json_object *flag_json(const struct flag *flag);

#endif
