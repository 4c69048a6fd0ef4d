/* sparse_file.c - headers, then each piece of memory from a page of the file on. */
#include "sparse_file.h"

#include <elf.h>
#include <string.h>

#define PAGE 4096

struct out {
    FILE *file;
    uint8_t words; /* 4 or 8 */
    bool little;
};

static void put(const struct out *o, uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; i++) {
        unsigned byte = o->little ? i : size - 1 - i;
        (void)fputc((int)(value >> (8 * byte) & 0xff), o->file);
    }
}

static void put_ident(const struct out *o) {
    const uint8_t ident[EI_NIDENT] = {ELFMAG0,
                                      ELFMAG1,
                                      ELFMAG2,
                                      ELFMAG3,
                                      o->words == 8 ? ELFCLASS64 : ELFCLASS32,
                                      o->little ? ELFDATA2LSB : ELFDATA2MSB,
                                      EV_CURRENT};
    (void)fwrite(ident, 1, sizeof(ident), o->file);
}

static void put_header(const struct out *o, uint16_t machine, size_t segments) {
    bool wide = o->words == 8;
    put_ident(o);
    put(o, ET_CORE, 2);
    put(o, machine, 2);
    put(o, EV_CURRENT, 4);
    put(o, 0, o->words);
    put(o, wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr), o->words);
    put(o, 0, o->words);
    put(o, 0, 4);
    put(o, wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr), 2);
    put(o, wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), 2);
    put(o, segments, 2);
    put(o, 0, 6);
}

static void put_load(const struct out *o, uint64_t offset, const struct jh_segment *s) {
    put(o, PT_LOAD, 4);
    if (o->words == 8) {
        put(o, PF_R | PF_W, 4);
    }
    put(o, offset, o->words);
    put(o, s->addr, o->words);
    put(o, s->addr, o->words);
    put(o, s->len, o->words);
    put(o, s->len, o->words);
    if (o->words == 4) {
        put(o, PF_R | PF_W, 4);
    }
    put(o, PAGE, o->words);
}

static uint64_t pages(uint64_t bytes) {
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

/* What is zero stays a hole. */
static void put_bytes(const struct out *o, uint64_t offset, const struct jh_segment *s) {
    static const uint8_t zero[PAGE];
    for (uint64_t at = 0; at < s->len; at += PAGE) {
        size_t len = s->len - at < PAGE ? (size_t)(s->len - at) : PAGE;
        bool last = at + len == s->len; /* the file has its whole length */
        if (last || memcmp(s->bytes + at, zero, len) != 0) {
            (void)fseek(o->file, (long)(offset + at), SEEK_SET);
            (void)fwrite(s->bytes + at, 1, len, o->file);
        }
    }
}

bool sparse_file_write(const char *path, uint16_t machine, const struct jh_build *build,
                       const struct jh_segment *segment, size_t count) {
    struct out o = {fopen(path, "wb"), build->pointer_size, build->little_endian};
    uint64_t first = pages(sizeof(Elf64_Ehdr) + count * sizeof(Elf64_Phdr)), offset = first;
    if (!o.file) {
        return false;
    }
    put_header(&o, machine, count);
    for (size_t i = 0; i < count; i++) {
        put_load(&o, offset, &segment[i]);
        offset += pages(segment[i].len);
    }
    offset = first;
    for (size_t i = 0; i < count; i++) {
        put_bytes(&o, offset, &segment[i]);
        offset += pages(segment[i].len);
    }
    bool good = !ferror(o.file);
    return fclose(o.file) == 0 && good;
}
