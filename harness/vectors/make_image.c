#include "make_image.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "vector_file.h"

/* ---- a skeleton that repeats ----------------------------------------------------------------- */

/* What is told of the process is the target's own; it is put back afterwards. */
struct told {
    char **path;
    int *thread;
};

static void hide(struct jt_target *t, struct told *told) {
    const struct jt_caches *all = jt_caches_owned(t);
    told->path = calloc(t->modules + 1, sizeof(*told->path));
    told->thread = calloc(all->count + 1, sizeof(*told->thread));
    if (!told->path || !told->thread) {
        abort();
    }
    for (size_t i = 0; i < t->modules; i++) {
        char *slash = t->module[i].path ? strrchr(t->module[i].path, '/') : NULL;
        told->path[i] = t->module[i].path;
        t->module[i].path = slash ? slash + 1 : t->module[i].path;
    }
    for (size_t i = 0; i < all->count; i++) {
        told->thread[i] = all->cache[i].thread;
        all->cache[i].thread = all->cache[i].thread ? (int)i + 1 : 0;
    }
}

static void unhide(struct jt_target *t, struct told *told) {
    const struct jt_caches *all = jt_caches_owned(t);
    for (size_t i = 0; i < t->modules; i++) {
        t->module[i].path = told->path[i];
    }
    for (size_t i = 0; i < all->count; i++) {
        all->cache[i].thread = told->thread[i];
    }
    free(told->path);
    free(told->thread);
}

static bool own_skeleton(struct jt_target *target, const char *path, char *why, size_t why_size) {
    struct jt_skeleton skeleton = {.decoding_only = true}; /* its arenas have times */
    struct told told;
    FILE *file = fopen(path, "wb");
    hide(target, &told);
    enum jt_status status = file ? jt_skeleton_write(target, file, &skeleton) : JT_UNREADABLE;
    unhide(target, &told);
    bool closed = file && fclose(file) == 0;
    if (status != JT_OK || !closed) {
        snprintf(why, why_size, "no skeleton of it can be made: %.400s", target->error);
    }
    return status == JT_OK && closed;
}

/* ---- a skeleton that lacks something --------------------------------------------------------- */

static uint64_t load(const uint8_t *at, unsigned size, bool little) {
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)at[little ? i : size - 1 - i] << (8 * i);
    }
    return value;
}

static void store(uint8_t *at, unsigned size, bool little, uint64_t value) {
    for (unsigned i = 0; i < size; i++) {
        at[little ? i : size - 1 - i] = (uint8_t)(value >> (8 * i));
    }
}

/* A part of the core that is in the file. */
struct segment {
    uint8_t *filesz; /* in its program header */
    uint64_t vaddr, there, offset;
};

/* The segment that has the address. Only our own skeletons come here: their headers are sound. */
static bool segment_with(uint8_t *core, uint64_t addr, struct segment *out) {
#define AT(type, member) (wide ? offsetof(Elf64_##type, member) : offsetof(Elf32_##type, member))
    bool wide = core[EI_CLASS] == ELFCLASS64, little = core[EI_DATA] == ELFDATA2LSB;
    unsigned word = wide ? 8 : 4, entry = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    uint64_t phoff = load(core + AT(Ehdr, e_phoff), word, little);
    uint64_t count = load(core + AT(Ehdr, e_phnum), 2, little);
    for (uint64_t i = 0; i < count; i++) {
        uint8_t *p = core + phoff + i * entry;
        *out = (struct segment){.filesz = p + AT(Phdr, p_filesz),
                                .vaddr = load(p + AT(Phdr, p_vaddr), word, little),
                                .there = load(p + AT(Phdr, p_filesz), word, little),
                                .offset = load(p + AT(Phdr, p_offset), word, little)};
        if (load(p, 4, little) == PT_LOAD && addr >= out->vaddr && addr - out->vaddr < out->there) {
            return true;
        }
    }
#undef AT
    return false;
}

static bool cut_bytes(uint8_t *core, uint64_t addr) {
    struct segment s;
    bool found = segment_with(core, addr, &s);
    if (found) {
        store(s.filesz, core[EI_CLASS] == ELFCLASS64 ? 8 : 4, core[EI_DATA] == ELFDATA2LSB,
              addr - s.vaddr);
    }
    return found;
}

bool image_cut(const char *path, uint64_t addr, char *why, size_t why_size) {
    size_t size;
    char *core = vector_bytes(path, &size, why, why_size);
    bool found = core && cut_bytes((uint8_t *)core, addr);
    if (core && !found) {
        snprintf(why, why_size,
                 "%.300s: no segment has 0x%" PRIx64 ", the address that is to be cut off", path,
                 addr);
    }
    bool good = found && vector_write_bytes(path, core, size, why, why_size);
    free(core);
    return good;
}

/* ---- a skeleton without clock times -----------------------------------------------------------
 */

/* Where a build with profiling keeps the time of an allocation; false: it keeps none. */
static bool time_member(const struct jh_layout *l, struct jh_member *out) {
    return l->build.prof &&
           (jh_struct_member(l, "edata_s", "e_prof_info.e_prof_alloc_time.ns", out, NULL) ==
                JH_OK ||
            jh_struct_member(l, "extent_s", "e_alloc_time.ns", out, NULL) == JH_OK);
}

/* Only a large allocation has a time: in other extents these bytes are a bitmap or links. */
static void zero_times(const struct jt_target *target, const struct jh_member *time,
                       uint8_t *core) {
    struct jh_walk *walk = malloc(sizeof(*walk));
    struct jh_extent e;
    struct segment s;
    enum jh_status status;
    if (!walk) {
        abort();
    }
    jh_walk_start(walk, &target->heap);
    while ((status = jh_walk_next(walk, &e, NULL)) != JH_END) {
        uint64_t at = e.at + time->offset;
        if (status == JH_OK && e.allocated && !jh_extent_is_slab(&e) &&
            segment_with(core, at, &s) && s.there - (at - s.vaddr) >= time->size) {
            memset(core + s.offset + (at - s.vaddr), 0, time->size);
        }
    }
    free(walk);
}

static bool without_times(const struct jt_target *target, const char *path, char *why,
                          size_t why_size) {
    struct jh_member time;
    size_t size;
    if (!time_member(&target->layout, &time)) {
        return true;
    }
    char *core = vector_bytes(path, &size, why, why_size);
    bool good = core != NULL;
    if (good) {
        zero_times(target, &time, (uint8_t *)core);
        good = vector_write_bytes(path, core, size, why, why_size);
    }
    free(core);
    return good;
}

bool image_skeleton(struct jt_target *target, const char *path, char *why, size_t why_size) {
    return own_skeleton(target, path, why, why_size) && without_times(target, path, why, why_size);
}

/* ---- packed ---------------------------------------------------------------------------------- */

bool image_pack(const char *path, const char *folder, const char *name, struct part *out, char *why,
                size_t why_size) {
    enum { LEVEL = 19 };
    char to[4400];
    size_t size;
    char *core = vector_bytes(path, &size, why, why_size);
    size_t room = core ? ZSTD_compressBound(size) : 0;
    char *packed = core ? malloc(room) : NULL;
    size_t used = packed ? ZSTD_compress(packed, room, core, size, LEVEL) : 0;
    bool good = packed && !ZSTD_isError(used);
    if (good) {
        snprintf(out->path, sizeof(out->path), "images/%s.core.zst", name);
        snprintf(to, sizeof(to), "%s/%s", folder, out->path);
        vector_digest(packed, used, out->digest);
        good = vector_write_bytes(to, packed, used, why, why_size);
    } else if (core) {
        snprintf(why, why_size, "%.300s cannot be compressed", path);
    }
    free(core);
    free(packed);
    return good;
}

bool image_unpack(const char *packed, size_t size, const char *path, char *why, size_t why_size) {
    const unsigned long long most = 64ULL << 20;
    unsigned long long all = ZSTD_getFrameContentSize(packed, size);
    char *core = all <= most ? malloc((size_t)all + 1) : NULL;
    size_t used = core ? ZSTD_decompress(core, (size_t)all, packed, size) : 0;
    bool good = core && !ZSTD_isError(used) && used == all &&
                vector_write_bytes(path, core, used, why, why_size);
    if (!good && (!core || ZSTD_isError(used))) {
        snprintf(why, why_size, "it is no image that was compressed with zstd");
    }
    free(core);
    return good;
}
