/* heap_file.c - the file of a heap image, both ways. */
#include "heap_image.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "heap_private.h"

#define MAGIC "jeheap image 1\n"
#define VARIABLE "variable "
#define LINE 256
#define GRAIN 8    /* bytes that are zero or not, together */
#define PIECE 4096 /* bytes that are read at a time */

#define BUILD_FORM                                                                                 \
    "build %31s %" SCNu8 " %" SCNu8 " %" SCNu8 " %" SCNu8 " %" SCNu8 " %" SCNu8 " %" SCNu8         \
    " %d %d %d %d %d %d %" SCNx64

/* ---- out ------------------------------------------------------------------------------------- */

static void write_number(FILE *file, uint64_t value) {
    for (unsigned i = 0; i < 8; i++) {
        (void)fputc((int)(value >> (8 * i) & 0xff), file);
    }
}

static void write_build(FILE *file, const struct jh_build *b, uint64_t root) {
    fprintf(file, MAGIC "build %s %u %u %u %u %u %u %u %d %d %d %d %d %d %" PRIx64 "\n",
            jh_version_name(b->version), b->pointer_size, b->lg_vaddr, b->lg_page, b->lg_quantum,
            b->lg_slab_maxregs, b->pthread_mutex_size, b->u64_align, b->little_endian, b->aarch64,
            b->debug, b->prof, b->stats, b->cache_oblivious, root);
}

static bool is_zero(const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (bytes[i]) {
            return false;
        }
    }
    return true;
}

/* The runs of one piece, whose length is a multiple of the grain but at a region's end. */
static void write_runs(FILE *file, uint64_t addr, const uint8_t *bytes, size_t len) {
    for (size_t at = 0; at < len;) {
        size_t end = at, grain = len - at < GRAIN ? len - at : GRAIN;
        while (end < len && !is_zero(bytes + end, grain)) {
            end += grain;
            grain = len - end < GRAIN ? len - end : GRAIN;
        }
        if (end > at) {
            write_number(file, addr + at);
            write_number(file, end - at);
            (void)fwrite(bytes + at, 1, end - at, file);
        }
        at = end > at ? end : at + grain;
    }
}

bool heap_image_write(FILE *file, const struct jh_build *build, uint64_t root,
                      const struct heap_range *region, size_t regions,
                      const struct jh_reader *reader, const struct heap_variable *variable,
                      size_t variables) {
    write_build(file, build, root);
    for (size_t i = 0; i < variables; i++) {
        fprintf(file, VARIABLE "%s %" PRIx64 " %" PRIx64 "\n", variable[i].name, variable[i].addr,
                variable[i].size);
    }
    write_number(file, regions);
    for (size_t i = 0; i < regions; i++) {
        write_number(file, region[i].addr);
        write_number(file, region[i].len);
    }
    for (size_t i = 0; i < regions; i++) {
        for (uint64_t at = 0; at < region[i].len; at += PIECE) {
            uint8_t piece[PIECE];
            uint64_t rest = region[i].len - at;
            size_t len = rest < PIECE ? (size_t)rest : PIECE;
            if (jh_read(reader, region[i].addr + at, piece, len, NULL) != JH_OK) {
                return false;
            }
            write_runs(file, region[i].addr + at, piece, len);
        }
    }
    return !ferror(file);
}

/* ---- in: what is wrong ends the program, because the file is part of it -----------------------
 */

struct cursor {
    const uint8_t *at, *end;
};

static const uint8_t *take(struct cursor *c, uint64_t len) {
    const uint8_t *bytes = c->at;
    if ((uint64_t)(c->end - c->at) < len) {
        abort();
    }
    c->at += len;
    return bytes;
}

static uint64_t take_number(struct cursor *c) {
    const uint8_t *bytes = take(c, 8);
    uint64_t value = 0;
    for (unsigned i = 8; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static void take_line(struct cursor *c, char line[LINE]) {
    size_t used = 0;
    do {
        line[used] = (char)*take(c, 1);
    } while (line[used++] != '\n' && used + 1 < LINE);
    line[used] = '\0';
}

static void take_variables(struct cursor *c, struct heap_image *image) {
    const size_t word = sizeof(VARIABLE) - 1;
    while ((size_t)(c->end - c->at) > word && memcmp(c->at, VARIABLE, word) == 0) {
        struct heap_variable v;
        char line[LINE];
        take_line(c, line);
        /* NOLINTNEXTLINE(cert-err34-c): the file is part of the program */
        if (sscanf(line + word, "%63s %" SCNx64 " %" SCNx64, v.name, &v.addr, &v.size) != 3) {
            abort();
        }
        heap_image_add_variable(image, &v);
    }
}

static void take_build(struct cursor *c, struct jh_build *build, uint64_t *root) {
    char line[LINE], version[32];
    int flag[6];
    if (memcmp(take(c, sizeof(MAGIC) - 1), MAGIC, sizeof(MAGIC) - 1) != 0) {
        abort();
    }
    take_line(c, line);
    memset(build, 0, sizeof(*build));
    /* NOLINTNEXTLINE(cert-err34-c): a number that does not fit is no valid build either */
    if (sscanf(line, BUILD_FORM, version, &build->pointer_size, &build->lg_vaddr, &build->lg_page,
               &build->lg_quantum, &build->lg_slab_maxregs, &build->pthread_mutex_size,
               &build->u64_align, &flag[0], &flag[1], &flag[2], &flag[3], &flag[4], &flag[5],
               root) != 15 ||
        jh_version_parse(version, &build->version) != JH_OK) {
        abort();
    }
    build->little_endian = flag[0];
    build->aarch64 = flag[1];
    build->debug = flag[2];
    build->prof = flag[3];
    build->stats = flag[4];
    build->cache_oblivious = flag[5];
}

static void take_regions(struct cursor *c, struct heap_image *image) {
    uint64_t regions = take_number(c);
    if (regions > (uint64_t)(c->end - c->at) / 16) {
        abort();
    }
    for (uint64_t i = 0; i < regions; i++) {
        uint64_t addr = take_number(c);
        heap_image_add_region(image, addr, take_number(c));
    }
}

static void take_runs(struct cursor *c, struct heap_image *image) {
    while (c->at < c->end) {
        uint64_t addr = take_number(c), len = take_number(c);
        const uint8_t *bytes = take(c, len);
        uint8_t *to = heap_image_at(image, addr, len);
        if (!to) {
            abort();
        }
        memcpy(to, bytes, len);
        heap_image_add_run(image, addr, len);
    }
}

struct heap_image *heap_image_load(const char *name, const uint8_t *file, size_t size) {
    struct cursor c = {file, file + size};
    struct heap_image *image = heap_image_new(name);
    struct jh_build build;
    take_build(&c, &build, &image->root);
    if (jh_layout_make(&build, &image->layout, NULL) != JH_OK) {
        abort();
    }
    take_variables(&c, image);
    take_regions(&c, image);
    take_runs(&c, image);
    heap_image_finish(image);
    return image;
}
