/* layout_name.c - names of layouts, such as "5.3.0,lg_page=16,no-oblivious". */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "learn/inside.h"

static JT_PRINTF(2, 3) enum jt_status refuse(char error[JT_TEXT_MAX], const char *text, ...) {
    va_list args;
    va_start(args, text);
    if (error != NULL) {
        vsnprintf(error, JT_TEXT_MAX, text, args);
    }
    va_end(args);
    return JT_USAGE;
}

static const struct parameter {
    const char *name;
    size_t into;
} parameters[] = {
    {"lg_vaddr", offsetof(struct jh_build, lg_vaddr)},
    {"lg_page", offsetof(struct jh_build, lg_page)},
    {"lg_quantum", offsetof(struct jh_build, lg_quantum)},
    {"lg_slab_maxregs", offsetof(struct jh_build, lg_slab_maxregs)},
    {"pointer_size", offsetof(struct jh_build, pointer_size)},
    {"u64_align", offsetof(struct jh_build, u64_align)},
    {"mutex", offsetof(struct jh_build, pthread_mutex_size)},
};

static const struct flag {
    const char *name;
    size_t into;
    bool value;
} flags[] = {
    {"debug", offsetof(struct jh_build, debug), true},
    {"prof", offsetof(struct jh_build, prof), true},
    {"no-stats", offsetof(struct jh_build, stats), false},
    {"no-oblivious", offsetof(struct jh_build, cache_oblivious), false},
    {"aarch64", offsetof(struct jh_build, aarch64), true},
    {"big-endian", offsetof(struct jh_build, little_endian), false},
};

/* Sets what a word of the name says. machine=NAME sets several parameters; words behind it may
 * change them again. */
static bool take_word(struct jh_build *build, const char *word) {
    static const char machine[] = "machine=";
    if (strncmp(word, machine, sizeof machine - 1) == 0) {
        return jh_build_machine(build, word + sizeof machine - 1) == JH_OK;
    }
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(word, flags[i].name) == 0) {
            memcpy((char *)build + flags[i].into, &flags[i].value, sizeof(bool));
            return true;
        }
    }
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        size_t len = strlen(parameters[i].name);
        uint64_t value;
        if (strncmp(word, parameters[i].name, len) != 0 || word[len] != '=' ||
            !jt_number(word + len + 1, &value) || value > 255) {
            continue;
        }
        *((uint8_t *)build + parameters[i].into) = (uint8_t)value;
        return true;
    }
    return false;
}

static enum jt_status parse_name(const char *text, struct jh_layout *out, char error[JT_TEXT_MAX]) {
    char copy[256], known[JT_VERSIONS_TEXT], *rest = NULL;
    enum jh_version version;
    struct jh_build build;
    struct jh_fault fault;
    if (strlen(text) >= sizeof copy) {
        return refuse(error, "%.40s...: too long for the name of a layout", text);
    }
    memcpy(copy, text, strlen(text) + 1);
    char *word = strtok_r(copy, ",", &rest);
    if (word == NULL || jh_version_parse(word, &version) != JH_OK) {
        return refuse(error, "%s: not a known version (%s), and not a file that ends in .json",
                      word == NULL ? "\"\"" : word, jt_versions_text(known));
    }
    jh_build_init(&build, version);
    while ((word = strtok_r(NULL, ",", &rest)) != NULL) {
        if (!take_word(&build, word)) {
            return refuse(
                error,
                "%s: not a parameter of a layout; there are machine=NAME lg_vaddr=N lg_page=N "
                "lg_quantum=N lg_slab_maxregs=N pointer_size=N u64_align=N mutex=N debug "
                "prof no-stats no-oblivious aarch64 big-endian",
                word);
        }
    }
    if (jh_layout_make(&build, out, &fault) != JH_OK) {
        return refuse(error, "%s: no such build is described (%s, %llu)", text, fault.rule,
                      (unsigned long long)fault.seen);
    }
    return JT_OK;
}

#define FILE_MAX (1 << 20)

static enum jt_status parse_file(const char *path, struct jh_layout *out, char error[JT_TEXT_MAX]) {
    char why[JT_TEXT_MAX] = "", *text = malloc(FILE_MAX);
    errno = 0;
    size_t len = text == NULL ? 0 : jt_read_file(path, text, FILE_MAX);
    enum jt_status status = text == NULL ? JT_UNREADABLE : JT_USAGE;
    if (text == NULL) {
        snprintf(why, sizeof why, "out of memory");
    } else if (len == 0 || len == FILE_MAX) {
        snprintf(why, sizeof why, "%s",
                 len != 0     ? "too long"
                 : errno != 0 ? strerror(errno)
                              : "empty");
    } else {
        status = jt_layout_read(text, len, out, why);
    }
    free(text);
    if (status != JT_OK) {
        (void)refuse(error, "%.200s: %.*s", path, JT_NESTED_MAX, why);
    }
    return status;
}

enum jt_status jt_layout_parse(const char *text, struct jh_layout *out, char error[JT_TEXT_MAX]) {
    size_t len = strlen(text);
    if (len > 5 && strcmp(text + len - 5, ".json") == 0) {
        return parse_file(text, out, error);
    }
    return parse_name(text, out, error);
}

/* Parameters with their values of x86_64 are left out, except lg_vaddr, lg_page and lg_quantum. */
void jt_layout_name(const struct jh_build *build, char *out, size_t size) {
    char maxregs[32] = "", mutex[16] = "", align[16] = "";
    if (build->lg_slab_maxregs != 0) {
        snprintf(maxregs, sizeof maxregs, ",lg_slab_maxregs=%u", build->lg_slab_maxregs);
    }
    if (build->pthread_mutex_size != 40) {
        snprintf(mutex, sizeof mutex, ",mutex=%u", build->pthread_mutex_size);
    }
    if (build->u64_align != 8) {
        snprintf(align, sizeof align, ",u64_align=%u", build->u64_align);
    }
    snprintf(out, size, "%s,lg_vaddr=%u,lg_page=%u,lg_quantum=%u%s%s%s%s%s%s%s%s%s%s",
             jh_version_name(build->version), build->lg_vaddr, build->lg_page, build->lg_quantum,
             maxregs, build->pointer_size == 4 ? ",pointer_size=4" : "", align, mutex,
             build->debug ? ",debug" : "", build->prof ? ",prof" : "",
             build->stats ? "" : ",no-stats", build->cache_oblivious ? "" : ",no-oblivious",
             build->aarch64 ? ",aarch64" : "", build->little_endian ? "" : ",big-endian");
}
