/* version_find.c - jemalloc's version string is looked for: in the file of a module, in a core, in
 * a process. */
#include <gelf.h>
#include <string.h>

#include "files/inside.h"

#define MEMORY_MAX (64u << 20) /* bytes of a process that are looked at */

/* The version strings that were found so far. */
struct found {
    char text[128];             /* the last one of a version that jeheap knows */
    char unknown[128];          /* the last one of a version that jeheap does not know */
    char unsaid[JT_UNSAID_MAX]; /* one that does not tell the version */
    unsigned different;         /* how many differing strings text had */
};

static bool any(const struct found *found) {
    return found->different != 0 || found->unsaid[0] != 0;
}

/* The string to be used; when different > 1 no caller uses it. */
static const char *text_of(const struct found *found) {
    return found->different != 0 ? found->text : found->unsaid;
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
    jt_version_unsaid_in(bytes, size, found->unsaid);
}

/* Looks in .rodata, where linkers put constants. */
static void take_constants(struct found *found, const struct jt_module *module) {
    Elf_Scn *scn = module->elf == NULL ? NULL : jt_section(module->elf->elf, ".rodata");
    const Elf_Data *data = scn == NULL ? NULL : elf_rawdata(scn, NULL);
    if (data != NULL && data->d_buf != NULL) {
        take_bytes(found, data->d_buf, data->d_size);
    }
}

/* Looks in the read-only segments of the file. Headers may name the same bytes many times, so at
 * most as many bytes are read as the file has. */
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

/* Looks in a range, at no more than left bytes, and gives what remains of left. Each piece that is
 * read begins with the end of the one before, so that a string on the border is whole in one. */
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

/* Looks in the memory of a process where modules are whose files cannot be opened, such as
 * libraries that were replaced since they were loaded. */
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

#define CHUNK (16u << 20)       /* bytes of a segment that are in memory at a time */
#define TOLD_MAX (256ull << 20) /* bytes to look at when the string only confirms --layout */

/* Looks in a segment of a core, chunk by chunk; chunks overlap as the pieces above do. */
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

/* Looks in what a core has of these addresses; segments that are known to be zero are left out.
 * Segments may all lead to the same bytes of the file, so at most as many bytes are read as the
 * file has. */
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

/* Looks in the modules of a core, and in all of its memory when they have no version string: the
 * file of a mapping may be unknown. */
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
