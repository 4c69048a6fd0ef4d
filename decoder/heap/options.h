/* options.h - jemalloc's options and other variables of its own, as malloc_stats_print prints them.
 */
#ifndef JEHEAP_HEAP_OPTIONS_H
#define JEHEAP_HEAP_OPTIONS_H

#include "image/target.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JT_OPTION_TEXT 256
#define JT_OPTION_NAME 64

struct jt_option {
    const char *key, *symbol; /* symbol NULL: "opt_" and the key */
    /* b: 1 byte, true or false; n, i: a number, one with a sign; s: text in it; p: it points at
     * text; e: an index of names; m: a member of the struct of, by names; c: it points at mallctl's
     * copy of the numbers, and that of arenas is meant; ?: not known */
    char kind;
    uint8_t from, to; /* enum jh_version; to 0: up to the last */
    const char *names, *of;
};

/* In the order of the JSON's "opt"; key NULL ends them. */
extern const struct jt_option jt_option_rows[];
/* Others. A key may come twice: a version has one of these symbols. */
extern const struct jt_option jt_variable_rows[];

struct jt_option_value {
    uint64_t number; /* that of kind i is signed, as many bytes as it has */
    char text[JT_OPTION_TEXT];
};

/* Does this version have it? */
bool jt_option_of(const struct jt_target *target, const struct jt_option *option);
/* The name of its variable, without jemalloc's prefix. */
void jt_option_symbol(const struct jt_option *option, char name[JT_OPTION_NAME]);
/* False: it is not known. */
bool jt_option_read(struct jt_target *target, const struct jt_option *option,
                    struct jt_option_value *out);
/* The text at an address of the target; false: it cannot be read, or does not end. */
bool jt_read_text(const struct jt_target *target, uint64_t at, char text[JT_OPTION_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
