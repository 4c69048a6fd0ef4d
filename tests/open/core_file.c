#include "core_file.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef NT_FILE
#define NT_FILE 0x46494c45
#endif

void core_start(struct core_file *core, uint16_t machine, uint8_t words, bool little_endian) {
    memset(core, 0, sizeof *core);
    core->machine = machine;
    core->words = words;
    core->little_endian = little_endian;
    core->note_segments = 1;
}

void core_load(struct core_file *core, uint64_t addr, const void *bytes, size_t len) {
    if (core->loads == CORE_LOADS) {
        abort();
    }
    core->load[core->loads++] = (struct core_load){addr, len, bytes, len, 0, 0};
}

void core_put(const struct core_file *core, uint8_t *at, uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; i++) {
        at[core->little_endian ? i : size - 1 - i] = (uint8_t)(value >> (8 * i));
    }
}

void core_note_of(struct core_file *core, const char *owner, uint32_t type, const void *desc,
                  size_t len) {
    uint8_t *at = core->note + core->note_len;
    size_t named = strlen(owner) + 1, head = 12 + ((named + 3) & ~(size_t)3);
    size_t padded = (len + 3) & ~(size_t)3;
    if (core->note_len + head + padded > sizeof core->note) {
        abort();
    }
    core_put(core, at, named, 4);
    core_put(core, at + 4, len, 4);
    core_put(core, at + 8, type, 4);
    memcpy(at + 12, owner, named);
    memcpy(at + head, desc, len);
    core->note_len += head + padded;
}

void core_note(struct core_file *core, uint32_t type, const void *desc, size_t len) {
    core_note_of(core, "CORE", type, desc, len);
}

void core_note_pieces(struct core_file *core, const uint64_t (*piece)[3], size_t count,
                      const char *name) {
    static uint8_t desc[sizeof core->note];
    size_t at = 16, len = strlen(name) + 1;
    core_put(core, desc, count, 8);
    core_put(core, desc + 8, 4096, 8);
    for (size_t i = 0; i < 3 * count; i++, at += 8) {
        core_put(core, desc + at, piece[i / 3][i % 3], 8);
    }
    for (size_t i = 0; i < count; i++, at += len) {
        if (len > sizeof desc - at) {
            abort();
        }
        memcpy(desc + at, name, len);
    }
    core_note(core, NT_FILE, desc, at);
}

void core_note_file(struct core_file *core, uint64_t start, uint64_t end, const char *name) {
    const uint64_t piece[1][3] = {{start, end, 0}};
    core_note_pieces(core, piece, 1, name);
}

static void put_header(const struct core_file *core, FILE *file, size_t count) {
    uint8_t h[64] = {0};
    bool wide = core->words == 8;
    memcpy(h, (const uint8_t[]){ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3}, SELFMAG);
    h[EI_CLASS] = wide ? ELFCLASS64 : ELFCLASS32;
    h[EI_DATA] = core->little_endian ? ELFDATA2LSB : ELFDATA2MSB;
    h[EI_VERSION] = EV_CURRENT;
    h[EI_OSABI] = core->system;
    core_put(core, h + 16, ET_CORE, 2);
    core_put(core, h + 18, core->machine, 2);
    core_put(core, h + 20, EV_CURRENT, 4);
    core_put(core, h + (wide ? 32 : 28), wide ? 64 : 52, core->words);
    core_put(core, h + (wide ? 52 : 40), wide ? 64 : 52, 2);
    core_put(core, h + (wide ? 54 : 42), wide ? 56 : 32, 2);
    core_put(core, h + (wide ? 56 : 44), count, 2);
    fwrite(h, 1, wide ? 64 : 52, file);
}

static void put_segment(const struct core_file *core, FILE *file, uint32_t type, uint64_t offset,
                        const struct core_load *l) {
    uint8_t h[56] = {0};
    bool wide = core->words == 8;
    unsigned w = core->words;
    core_put(core, h, type, 4);
    core_put(core, h + w, offset, w);
    core_put(core, h + 2 * w, l->addr, w);
    core_put(core, h + 4 * w, l->promised != 0 ? l->promised : l->len, w);
    core_put(core, h + 5 * w, l->memsz, w);
    core_put(core, h + (wide ? 4 : 24), l->flags, 4);
    fwrite(h, 1, wide ? 56 : 32, file);
}

void core_save(const struct core_file *core, const char *path) {
    FILE *file = fopen(path, "wb");
    bool wide = core->words == 8;
    size_t notes = core->note_len == 0 ? 0 : core->note_segments, count = notes + core->loads;
    uint64_t offset = (wide ? 64 : 52) + count * (wide ? 56 : 32);
    struct core_load note = {0, 0, core->note, core->note_len - core->note_cut, 0, 0};
    if (file == NULL) {
        abort();
    }
    put_header(core, file, count);
    for (size_t i = 0; i < notes; i++) {
        put_segment(core, file, PT_NOTE, offset, &note);
    }
    offset += core->note_len;
    for (size_t i = 0; i < core->loads; i++) {
        put_segment(core, file, PT_LOAD, offset, &core->load[i]);
        offset += core->load[i].len;
    }
    fwrite(core->note, 1, core->note_len, file);
    for (size_t i = 0; i < core->loads; i++) {
        fwrite(core->load[i].bytes, 1, core->load[i].len, file);
    }
    if (fclose(file) != 0) {
        abort();
    }
}
