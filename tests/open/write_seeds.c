/* Writes the seeds of the fuzz targets core, detect and json into a folder.
 *
 *     jeheap_seeds FOLDER PROGRAM...
 *
 * Each program is an ELF file made of targets/seeds/program.c, which stands in the seeds of detect
 * beside a core that it could have left. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_file.h"
#include "open/inside.h"
#include "mixed_heap.h"

#define PIECE 256 /* what is zero is left out in pieces of this many bytes */

static struct core_file core;
static char path[4096];

static const char *in(const char *folder, const char *stage, const char *name) {
    snprintf(path, sizeof path, "%s/%s/%s", folder, stage, name);
    return path;
}

static bool zero(const uint8_t *bytes, size_t len) {
    while (len != 0 && bytes[len - 1] == 0) {
        len--;
    }
    return len == 0;
}

/* What is zero, but not where the root begins: a root that was given has to be there. */
static bool left_out(const struct image *image, const struct jh_segment *s, size_t at) {
    return zero(s->bytes + at, PIECE) && image->heap.rtree_root - (s->addr + at) >= PIECE;
}

/* The parts of the heap that are in use. */
static void load_image(const struct image *image) {
    for (size_t i = 0; i < image->bytes.count; i++) {
        const struct jh_segment *s = &image->segment[i];
        for (size_t at = 0, from; at < s->len;) {
            for (; at < s->len && left_out(image, s, at); at += PIECE) {
                ;
            }
            for (from = at; at < s->len && !left_out(image, s, at); at += PIECE) {
                ;
            }
            if (at != from) {
                core_load(&core, s->addr + from, s->bytes + from, at - from);
            }
        }
    }
}

static void append(const char *file, const void *bytes, size_t len) {
    FILE *f = fopen(file, "ab");
    if (f == NULL || fwrite(bytes, 1, len, f) != len || fclose(f) != 0) {
        abort();
    }
}

static uint8_t *read_file(const char *file, size_t *len) {
    FILE *f = fopen(file, "rb");
    uint8_t *bytes = malloc(1 << 20);
    if (f == NULL || bytes == NULL) {
        abort();
    }
    *len = fread(bytes, 1, 1 << 20, f);
    fclose(f);
    return bytes;
}

/* ---- core: a heap and its layout's seven bytes, options, a root ------------------------------ */

static void version_text(enum jh_version version, char out[128]) {
    snprintf(out, 128, "%s-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c",
             version == JH_DEV ? "5.3.1" : jh_version_name(version));
}

static void note_auxv(uint64_t entry) {
    const uint64_t auxv[][2] = {{AT_ENTRY, entry}, {AT_PAGESZ, 4096}, {AT_NULL, 0}};
    uint8_t bytes[sizeof auxv];
    for (size_t i = 0; i < sizeof bytes / 8; i++) {
        core_put(&core, bytes + 8 * i, auxv[i / 2][i % 2], 8);
    }
    core_note(&core, NT_AUXV, bytes, sizeof bytes);
}

#define PID 4242

/* struct elf_prpsinfo of 64-bit machines. */
static void note_process(void) {
    uint8_t bytes[136] = {0};
    core_put(&core, bytes + 24, PID, 4);
    core_note(&core, NT_PRPSINFO, bytes, sizeof bytes);
}

/* The number of this x86_64 build in tests/made/builds.c; pages of 12, 14 and 16 bits. */
static uint8_t shape_of(const struct jh_build *b) {
    static const uint8_t shape[2][3] = {{0, 2, 3}, {1, 25, 4}};
    return shape[b->lg_vaddr == 57][(b->lg_page - 12) / 2];
}

static void save_mixed(const char *folder, unsigned n) {
    static struct mixed_heap s;
    char name[128], version[128] = "";
    mixed_heap_nth(&s, n);
    const struct jh_build *b = &s.image.layout.build;
    version_text(b->version, version);
    core_start(&core, EM_X86_64, 8, true);
    note_auxv(0x401000);
    core_note_file(&core, 0x400000, 0x402000, "/bin/program");
    core_load(&core, 0x1000, version, sizeof version);
    load_image(&s.image);
    snprintf(name, sizeof name, "%s-%u-%u", jh_version_name(b->version), b->lg_vaddr, b->lg_page);
    core_save(&core, in(folder, "core", name));
    /* from the end backwards: version and shape as fuzz_layout() takes them, then the target's own
     * flags and the root */
    uint8_t tail[11] = {0};
    core_put(&core, tail, s.image.heap.rtree_root, 8);
    tail[8] = 2;
    tail[9] = shape_of(b);
    tail[10] = (uint8_t)b->version;
    append(path, tail, sizeof tail);
    mixed_heap_end(&s);
}

static void save_odd(const char *folder) {
    static const uint8_t bytes[64] = "5.2.1-0-g0";
    static const struct {
        const char *name;
        uint16_t machine;
        uint8_t words;
        bool little;
    } odd[] = {{"i386", EM_386, 4, true}, {"s390x", EM_S390, 8, false}, {"ppc", EM_PPC, 4, false}};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        core_start(&core, odd[i].machine, odd[i].words, odd[i].little);
        core_load(&core, 0x30000, bytes, sizeof bytes);
        core_load(&core, 0x10000, bytes, sizeof bytes);
        core_load(&core, 0x10020, bytes, sizeof bytes);
        core.load[0].memsz = 4096;
        if (odd[i].words == 8) {
            note_auxv(0x10000);
            core_note_file(&core, 0x10000, 0x40000, "/bin/program");
            note_process();
        }
        core_save(&core, in(folder, "core", odd[i].name));
        append(path, (const uint8_t[16]){0}, 16);
    }
}

/* Notes whose segment ends before their last one does, and segments of which the headers promise
 * more than there can be. */
static void save_liars(const char *folder) {
    static const uint8_t bytes[64] = "5.2.1-0-g0";
    core_start(&core, EM_X86_64, 8, true);
    note_auxv(0x10000);
    note_process();
    core.note_cut = 4;
    core_load(&core, 0x10000, bytes, sizeof bytes);
    core_save(&core, in(folder, "core", "note-cut"));
    append(path, (const uint8_t[16]){0}, 16);
    core_start(&core, EM_X86_64, 8, true);
    core_load(&core, 0x1000, bytes, sizeof bytes);
    core_load(&core, 0x2000, bytes, sizeof bytes);
    core_load(&core, 0x3000, bytes, sizeof bytes);
    core.load[1].promised = core.load[1].memsz = UINT64_MAX - 0x2000;
    core.load[2].promised = core.load[2].memsz = UINT64_MAX - 0x3000;
    core_save(&core, in(folder, "core", "promises"));
    append(path, (const uint8_t[16]){0}, 16);
}

/* A core's notes in JSON. */
static void save_skeleton(const char *folder) {
    static struct mixed_heap s;
    char whole[sizeof path], layout[128];
    struct jt_skeleton out = {0};
    struct jt_target *t;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    jt_layout_name(&s.image.layout.build, layout, sizeof layout);
    core_start(&core, EM_X86_64, 8, true);
    core_note_file(&core, 0x400000, 0x402000, "/bin/program");
    load_image(&s.image);
    snprintf(whole, sizeof whole, "%s/core/whole", folder);
    core_save(&core, whole);
    struct jt_options options = {
        .target = whole, .layout = layout, .root = s.image.heap.rtree_root, .root_given = true};
    FILE *file = fopen(in(folder, "core", "skeleton"), "w+b");
    if (file == NULL || jt_open(&options, &t) != JT_OK ||
        jt_skeleton_write(t, file, &out) != JT_OK) {
        abort();
    }
    fclose(file);
    jt_close(t);
    remove(whole);
    append(path, (const uint8_t[11]){0}, 11);
    mixed_heap_end(&s);
}

/* ---- detect: the heap of a program that is there --------------------------------------------- */

static uint64_t entry_of(const uint8_t *elf) {
    Elf64_Ehdr header;
    memcpy(&header, elf, sizeof header);
    return header.e_entry;
}

static uint64_t symbol_of(const uint8_t *bytes, size_t len) {
    struct jt_elf *elf = jt_elf_bytes(bytes, len);
    struct jt_module module = {.elf = elf};
    struct jt_target target = {.module = &module, .modules = 1};
    struct jt_root_symbol root[JT_ROOTS_MAX];
    size_t count = elf == NULL ? 0 : jt_roots_find(&target, root);
    jt_elf_close(elf);
    return count == 0 ? 0 : root[0].addr;
}

static void save_detect(const char *folder, const char *program) {
    static struct mixed_heap s;
    size_t len;
    uint8_t *elf = read_file(program, &len), tail[5] = {0};
    const char *name = strrchr(program, '/') == NULL ? program : strrchr(program, '/') + 1;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    uint64_t symbol = symbol_of(elf, len);
    uint64_t bias = symbol == 0 ? 0x400000 : s.image.heap.rtree_root - 120 - symbol;
    core_start(&core, EM_X86_64, 8, true);
    note_auxv(bias + entry_of(elf));
    core_note_file(&core, bias, bias + 0x4000, "/bin/program");
    core_load(&core, bias, elf, 1024);
    load_image(&s.image);
    core_save(&core, in(folder, "detect", name));
    append(path, elf, len);
    core_put(&core, tail, len, 4);
    append(path, tail, sizeof tail);
    append(in(folder, "dwarf", name), elf, len);
    free(elf);
    mixed_heap_end(&s);
}

/* What may be left out is left out: the engine gets further with short ones. */
static void save_short_layouts(const char *folder) {
    static const char *const more[] = {
        "",
        ",\"states\":[\"active\",\"dirty\",\"muzzy\",\"retained\"],"
        "\"root\":{\"offset\":120},\"large_pad\":4096",
        ",\"leaf\":{\"size\":8,\"fields\":{\"extent\":{\"offset\":0,\"word\":8,\"shift\":0,"
        "\"width\":48}}}",
        ",\"debug\":true,\"aarch64\":false,\"rtree_height\":2,\"version\":\"5.3.0\\u0000\"",
    };
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        char name[16], text[512];
        int len = snprintf(text, sizeof text,
                           "{\"version\":\"5.3.0\",\"lg_vaddr\":48,\"lg_page\":12,"
                           "\"lg_quantum\":4%s}",
                           more[i]);
        snprintf(name, sizeof name, "short-%zu", i);
        append(in(folder, "json", name), text, (size_t)len);
    }
}

static void save_layouts(const char *folder) {
    static const char *const names[] = {
        "5.0.1",          "5.2.1,lg_vaddr=57",  "5.3.0",
        "dev,lg_page=16", "5.3.1,machine=i386", "5.3.0,machine=s390x"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct jh_layout layout;
        if (jt_layout_parse(names[i], &layout, NULL) != JT_OK) {
            abort();
        }
        FILE *file = fopen(in(folder, "json", names[i]), "wb");
        if (file == NULL) {
            abort();
        }
        jt_layout_write(&layout, file);
        fclose(file);
    }
    save_short_layouts(folder);
}

int main(int argc, char **argv) {
    static struct mixed_heap s;
    if (argc < 2) {
        return 2;
    }
    elf_version(EV_CURRENT);
    for (unsigned n = 0; mixed_heap_nth(&s, n); n++) {
        mixed_heap_end(&s);
        save_mixed(argv[1], n);
    }
    save_odd(argv[1]);
    save_liars(argv[1]);
    save_skeleton(argv[1]);
    save_layouts(argv[1]);
    for (int i = 2; i < argc; i++) {
        save_detect(argv[1], argv[i]);
    }
    return 0;
}
