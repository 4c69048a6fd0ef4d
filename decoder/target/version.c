/* version.c - the version string, which survives stripping: "5.3.0-0-g54eaed1d8b56..." */
#include <ctype.h>
#include <gelf.h>
#include <string.h>

#include "private.h"

#define MEMORY_MAX (64u << 20) /* bytes of a process that are looked at */

/* How many there are, most + 1 when more: what is looked at stays linear in a run of digits. */
static size_t digits(const uint8_t *s, size_t left, int (*is)(int), size_t most) {
    size_t n = 0;
    while (n < left && n <= most && is(s[n])) {
        n++;
    }
    return n;
}

/* Length of a version string at s, where a 5 is; 0 when there is none: 5.D.D-N-gHEX and a 0. */
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

bool jt_version_next(const uint8_t *bytes, size_t size, size_t *at, char out[128]) {
    while (*at < size) {
        const uint8_t *five = memchr(bytes + *at, '5', size - *at);
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

struct found {
    char text[128],
        unknown[128]; /* unknown: of a jemalloc, by its form, that jeheap is too old for */
    unsigned different;
};

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
    struct found found = {"", "", 0};
    take_module(&found, module);
    return found.different != 0;
}

bool jt_version_among_constants(const struct jt_module *module, char out[128]) {
    struct found found = {"", "", 0};
    take_constants(&found, module);
    memcpy(out, found.text, strlen(found.text) + 1);
    return found.different != 0;
}

/* What a process has of modules whose files cannot be opened: libraries that were replaced. Pieces
 * share bytes, so that no string is cut. */
static void take_memory(struct found *found, const struct jt_target *target) {
    const struct jh_reader *r = &target->heap.reader;
    uint64_t left = MEMORY_MAX;
    for (size_t i = 0; i < target->modules; i++) {
        const struct jt_module *m = &target->module[i];
        uint8_t bytes[1 << 16];
        uint64_t step = sizeof bytes - sizeof found->text;
        for (uint64_t at = m->start; m->elf == NULL && at < m->end && left >= step; at += step) {
            uint64_t rest = m->end - at;
            size_t got = 0;
            (void)r->read(r->arg, at, bytes, rest < sizeof bytes ? rest : sizeof bytes, &got);
            take_bytes(found, bytes, got);
            left -= step;
        }
    }
}

/* What a core has of the module, or of everything. As much is looked at as there is: segments may
 * all lead to the same bytes. */
static void take_segments(struct found *found, const struct jt_target *target,
                          const struct jt_module *module) {
    const struct jt_private *p = target->priv;
    uint64_t left = p->core_size;
    for (size_t i = 0; i < target->modules; i++) {
        if (target->module[i].elf != NULL) {
            left += target->module[i].elf->mapped; /* module_fill.c's */
        }
    }
    for (size_t i = 0; i < p->segments; i++) {
        const struct jh_segment *s = &p->segment[i];
        bool in = module == NULL || (s->addr >= module->start && s->addr < module->end);
        if (!in || s->len > left) {
            continue;
        }
        left -= s->len;
        take_bytes(found, s->bytes, s->len);
    }
}

bool jt_version_find(struct jt_target *target, const struct jt_module *module, char out[128]) {
    struct found found = {"", "", 0};
    if (module != NULL) {
        take_module(&found, module);
    }
    for (size_t i = 0; module == NULL && i < target->modules; i++) {
        take_module(&found, &target->module[i]);
    }
    if (found.different == 0 && target->kind == JT_CORE) {
        take_segments(&found, target, module);
    }
    if (found.different == 0 && module == NULL && target->kind == JT_PROCESS) {
        take_memory(&found, target);
    }
    if (found.different == 0 && found.unknown[0] != 0) {
        memcpy(out, found.unknown, strlen(found.unknown) + 1);
    }
    if (found.different != 1) {
        return false;
    }
    memcpy(out, found.text, strlen(found.text) + 1);
    return true;
}
