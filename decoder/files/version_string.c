/* version_string.c - the version string, which survives stripping: "5.3.0-0-g54eaed1d8b56..." */
#include <ctype.h>
#include <gelf.h>
#include <string.h>

#include "files/inside.h"

#define MEMORY_MAX (64u << 20) /* bytes of a process that are looked at */

enum jh_version jt_version_likely(unsigned rank) {
    unsigned v = 0;
    while (v + 1 < JH_VERSIONS && jh_family((enum jh_version)v)->likely != rank) {
        v++;
    }
    return (enum jh_version)v;
}

const char *jt_versions_text(char out[JT_VERSIONS_TEXT]) {
    size_t at = 0;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        const char *between = v == 0 ? "" : v + 1 < JH_VERSIONS ? ", " : " and ";
        at += (size_t)snprintf(out + at, JT_VERSIONS_TEXT - at, "%s%s", between,
                               jh_version_name((enum jh_version)v));
    }
    return out;
}

/* configure.ac's words where neither git nor the file VERSION tells, as in the archives that GitHub
 * makes of a tag: 5.0 to 5.2, and 5.3. In two parts, as this program has no such string. */
static const char unsaid[] = "0.0.0-0-g000000";
static const char *const unsaid_rest[] = {"0000000000000000000000000000000000",
                                          "missing_version_try_git_fetch_tags"};

bool jt_version_unsaid(const char *text) {
    size_t len = sizeof unsaid - 1;
    if (strncmp(text, unsaid, len) != 0) {
        return false;
    }
    return strcmp(text + len, unsaid_rest[0]) == 0 || strcmp(text + len, unsaid_rest[1]) == 0;
}

/* How many there are, most + 1 when more: what is looked at stays linear in a run of digits. */
static size_t digits(const uint8_t *s, size_t left, int (*is)(int), size_t most) {
    size_t n = 0;
    while (n < left && n <= most && is(s[n])) {
        n++;
    }
    return n;
}

/* Length of a version string at s, where its first digit is; 0 when there is none: D.D.D-N-gHEX and
 * a 0. */
static size_t match(const uint8_t *s, size_t left) {
    static const char *const between[] = {".", ".", "-", "-g"};
    size_t at = 0;
    for (size_t i = 0; i < 5; i++) {
        size_t most = i < 4 ? 6 : 40,
               n = digits(s + at, left - at, i < 4 ? isdigit : isxdigit, most);
        if (n == 0 || n > most || (i == 0 && n != 1)) {
            return 0;
        }
        at += n;
        size_t skip = i < 4 ? strlen(between[i]) : 0;
        if (left - at < skip || (i < 4 && memcmp(s + at, between[i], skip) != 0)) {
            return 0;
        }
        at += skip;
    }
    return at < left && s[at] == 0 ? at : 0;
}

/* The next one of that major number. */
static bool next_of(const uint8_t *bytes, size_t size, size_t *at, char major, char out[128]) {
    while (*at < size) {
        const uint8_t *five = memchr(bytes + *at, major, size - *at);
        if (five == NULL) {
            break;
        }
        size_t here = (size_t)(five - bytes), len = match(five, size - here);
        *at = here + 1;
        /* letters in front may be the end of something else: constants follow one another */
        if (len == 0 || len > 127 || (here != 0 && (isdigit(five[-1]) || five[-1] == '.'))) {
            continue;
        }
        memcpy(out, five, len);
        out[len] = 0;
        *at = here + len;
        return true;
    }
    *at = size;
    return false;
}

bool jt_version_next(const uint8_t *bytes, size_t size, size_t *at, char out[128]) {
    return next_of(bytes, size, at, '5', out);
}

/* git describe as jemalloc's configure calls it says all of the commit; others abbreviate it. */
static bool is_whole(const char *text) {
    return strlen(text + strcspn(text, "g")) == 1 + 40;
}

bool jt_version_old(const struct jt_module *module, char out[128]) {
    Elf_Scn *scn = jt_section(module->elf->elf, ".rodata"); /* it was opened */
    const Elf_Data *data = scn == NULL ? NULL : elf_rawdata(scn, NULL);
    for (char major = '3'; data != NULL && data->d_buf != NULL && major <= '4'; major++) {
        for (size_t at = 0; next_of(data->d_buf, data->d_size, &at, major, out);) {
            if (is_whole(out)) {
                return true;
            }
        }
    }
    return false;
}

bool jt_version_unknown(const char *text) {
    enum jh_version version;
    return text[0] != 0 && !jt_version_unsaid(text) && jh_version_parse(text, &version) != JH_OK;
}

const char *jt_version_text(const struct jt_target *target) {
    return target->version_string[0] != 0 ? target->version_string : "(no version string)";
}

struct found {
    char text[128];
    char unknown[128]; /* of a jemalloc, by its form, that jeheap is too old for */
    char unsaid[64];   /* of one that does not tell */
    unsigned different;
};

static bool any(const struct found *found) {
    return found->different != 0 || found->unsaid[0] != 0;
}

/* The one that there is: several that differ say nothing. */
static const char *text_of(const struct found *found) {
    return found->different != 0 ? found->text : found->unsaid;
}

static void take_unsaid(struct found *found, const uint8_t *bytes, size_t size) {
    size_t len = sizeof unsaid - 1 + strlen(unsaid_rest[0]); /* of both */
    const uint8_t *at = bytes, *end = bytes + size;
    while ((at = memmem(at, (size_t)(end - at), unsaid, sizeof unsaid - 1)) != NULL &&
           (size_t)(end - at) > len) {
        char text[sizeof found->unsaid] = "";
        memcpy(text, at, len + 1);
        if (jt_version_unsaid(text)) {
            memcpy(found->unsaid, text, len + 1);
            return;
        }
        at++;
    }
}

static void take_bytes(struct found *found, const uint8_t *bytes, size_t size) {
    char text[128];
    enum jh_version version;
    for (size_t at = 0; jt_version_next(bytes, size, &at, text);) {
        if (jh_version_parse(text, &version) != JH_OK) {
            memcpy(found->unknown, text, strlen(text) + 1);
            continue;
        }
        if (found->different == 0 || strcmp(found->text, text) != 0) {
            found->different++;
        }
        memcpy(found->text, text, strlen(text) + 1);
    }
    take_unsaid(found, bytes, size);
}

/* Where linkers put constants: a small part of the file. */
static void take_constants(struct found *found, const struct jt_module *module) {
    Elf_Scn *scn = module->elf == NULL ? NULL : jt_section(module->elf->elf, ".rodata");
    const Elf_Data *data = scn == NULL ? NULL : elf_rawdata(scn, NULL);
    if (data != NULL && data->d_buf != NULL) {
        take_bytes(found, data->d_buf, data->d_size);
    }
}

/* The file's read-only parts. Headers that all name the same bytes are followed until as much was
 * looked at as there is. */
static void take_module(struct found *found, const struct jt_module *module) {
    size_t size, count = 0, left;
    if (module->elf == NULL) {
        return;
    }
    const uint8_t *bytes = (const uint8_t *)elf_rawfile(module->elf->elf, &size);
    if (bytes == NULL || elf_getphdrnum(module->elf->elf, &count) != 0) {
        return;
    }
    left = size;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr ph;
        if (gelf_getphdr(module->elf->elf, (int)i, &ph) == NULL || ph.p_type != PT_LOAD ||
            (ph.p_flags & PF_W) != 0 || ph.p_offset > size || ph.p_filesz > size - ph.p_offset ||
            ph.p_filesz > left) {
            continue;
        }
        left -= ph.p_filesz;
        take_bytes(found, bytes + ph.p_offset, ph.p_filesz);
    }
}

bool jt_version_in(const struct jt_module *module) {
    struct found found = {"", "", "", 0};
    take_module(&found, module);
    return any(&found) || found.unknown[0] != 0;
}

bool jt_version_among_constants(const struct jt_module *module, char out[128]) {
    struct found found = {"", "", "", 0};
    take_constants(&found, module);
    const char *text = text_of(&found);
    memcpy(out, text, strlen(text) + 1);
    return any(&found);
}

/* Pieces share bytes, so that no string is cut. Gives what is left of the bytes that are looked at.
 */
static uint64_t take_range(struct found *found, const struct jh_reader *r, struct jt_range range,
                           uint64_t left) {
    uint8_t bytes[1 << 16];
    uint64_t step = sizeof bytes - sizeof found->text;
    for (uint64_t at = range.start; at < range.end && left >= step; at += step) {
        uint64_t rest = range.end - at;
        size_t got = 0;
        (void)r->read(r->arg, at, bytes, rest < sizeof bytes ? rest : sizeof bytes, &got);
        take_bytes(found, bytes, got);
        left -= step;
    }
    return left;
}

/* What a process has of modules whose files cannot be opened: libraries that were replaced. */
static void take_memory(struct found *found, const struct jt_target *target,
                        const struct jt_module *module) {
    const struct jh_reader *r = &target->heap.reader;
    uint64_t left = MEMORY_MAX;
    for (size_t i = 0; i < target->modules; i++) {
        const struct jt_module *m = &target->module[i];
        bool wanted = m->elf == NULL && (module == NULL || m == module);
        for (size_t k = 0; wanted && k < m->ranges; k++) {
            left = take_range(found, r, m->range[k], left);
        }
    }
}

#define CHUNK (16u << 20)       /* bytes that are looked at, and in memory, at a time */
#define TOLD_MAX (256ull << 20) /* when the user has said it, it is only compared */

/* Chunks share bytes as well. */
static void take_run(struct found *found, struct jt_target *target, const struct jh_segment *s,
                     uint64_t done, uint64_t all) {
    for (uint64_t at = 0; at < s->len; at += CHUNK) {
        uint64_t rest = s->len - at, most = CHUNK + sizeof found->text;
        if (!jt_go_on(target, "looking for the version string", done + at, all)) {
            return;
        }
        take_bytes(found, s->bytes + at, rest < most ? rest : most);
        jt_give_back(target, rest < CHUNK ? rest : CHUNK);
    }
}

/* What a core has of these addresses, without what is known to be zero. As much is looked at as
 * there is: segments may all lead to the same bytes. */
static void take_segments(struct found *found, struct jt_target *target,
                          const struct jt_range *where, size_t count, uint64_t most) {
    const struct jh_image *image = &target->priv->image;
    uint64_t bytes = jt_core_bytes(target), all = bytes < most ? bytes : most, left = all;
    for (size_t i = 0; i < image->count; i++) {
        const struct jh_segment *s = &image->segment[i];
        if (s->bytes == NULL || s->len > left ||
            !jt_ranges_touch(where, count, (struct jt_range){s->addr, s->addr + s->len})) {
            continue;
        }
        take_run(found, target, s, all - left, all);
        left -= s->len;
    }
}

/* Of all modules first: nobody else has it, but what is mapped without its file's name. */
static void take_core(struct found *found, struct jt_target *target) {
    static const struct jt_range everywhere = {0, UINT64_MAX};
    struct jt_ranges modules = {NULL, 0, 0, false};
    for (size_t i = 0; i < target->modules; i++) {
        const struct jt_module *m = &target->module[i];
        for (size_t k = 0; k < m->ranges; k++) {
            jt_ranges_add(&modules, m->range[k].start, m->range[k].end - m->range[k].start);
        }
    }
    jt_ranges_merge(&modules);
    take_segments(found, target, modules.range, modules.count, UINT64_MAX);
    jt_ranges_free(&modules);
    if (!any(found)) {
        uint64_t most = target->priv->source->version_told ? TOLD_MAX : UINT64_MAX;
        take_segments(found, target, &everywhere, 1, most);
    }
}

bool jt_version_find(struct jt_target *target, const struct jt_module *module, char out[128]) {
    struct found found = {"", "", "", 0};
    if (module != NULL) {
        take_module(&found, module);
    }
    for (size_t i = 0; module == NULL && i < target->modules; i++) {
        take_module(&found, &target->module[i]);
    }
    if (!any(&found) && target->kind == JT_CORE) {
        if (module == NULL) {
            take_core(&found, target);
        } else {
            take_segments(&found, target, module->range, module->ranges, UINT64_MAX);
        }
    }
    if (!any(&found) && target->kind == JT_PROCESS) {
        take_memory(&found, target, module);
    }
    const char *text = any(&found) ? text_of(&found) : found.unknown;
    if (found.different <= 1 && text[0] != 0) {
        memcpy(out, text, strlen(text) + 1);
    }
    return found.different == 1;
}
