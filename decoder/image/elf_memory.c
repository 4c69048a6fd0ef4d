/* elf_memory.c - reads the headers of an ELF file from the target's memory, where it is mapped. */
#include <gelf.h>
#include <string.h>

#include "image/inside.h"

/* Offsets of a header's fields, by ELF class. */
struct places {
    uint8_t header, phoff, phentsize, phnum;
    uint8_t entry, type, flags, offset, vaddr, filesz, memsz;
};

static const struct places places[2] = {{52, 28, 42, 44, 32, 0, 24, 4, 8, 16, 20},
                                        {64, 32, 54, 56, 56, 0, 4, 8, 16, 32, 40}};

static const struct places *places_of(const struct jt_target *target) {
    return &places[target->priv->words == 8];
}

static struct jt_phdr entry(const struct jt_target *target, const uint8_t *at) {
    const struct places *o = places_of(target);
    unsigned word = target->priv->words;
    return (struct jt_phdr){(uint32_t)jt_number_at(target, at + o->type, 4),
                            (uint32_t)jt_number_at(target, at + o->flags, 4),
                            jt_number_at(target, at + o->offset, word),
                            jt_number_at(target, at + o->vaddr, word),
                            jt_number_at(target, at + o->filesz, word),
                            jt_number_at(target, at + o->memsz, word)};
}

size_t jt_memory_phdrs(const struct jt_target *target, uint64_t start,
                       struct jt_phdr out[JT_PHDRS_MAX]) {
    const struct places *o = places_of(target);
    uint8_t header[64], bytes[56];
    if (jh_read(&target->heap.reader, start, header, o->header, NULL) != JH_OK ||
        memcmp(header, ELFMAG, SELFMAG) != 0 ||
        header[EI_CLASS] != (target->priv->words == 4 ? ELFCLASS32 : ELFCLASS64) ||
        jt_number_at(target, header + o->phentsize, 2) != o->entry) {
        return 0;
    }
    uint64_t at = start + jt_number_at(target, header + o->phoff, target->priv->words);
    size_t count = (size_t)jt_number_at(target, header + o->phnum, 2);
    if (count > JT_PHDRS_MAX) {
        count = JT_PHDRS_MAX;
    }
    for (size_t i = 0; i < count; i++) {
        if (jh_read(&target->heap.reader, at + i * o->entry, bytes, o->entry, NULL) != JH_OK) {
            return i;
        }
        out[i] = entry(target, bytes);
    }
    return count;
}

/* Finds the GNU build-id among notes that are in the target's memory. */
static bool id_in_notes(const struct jt_target *target, const uint8_t *note, size_t size,
                        struct jt_build_id *out) {
    for (size_t at = 0; at + 12 <= size;) {
        uint64_t name = jt_number_at(target, note + at, 4);
        uint64_t desc = jt_number_at(target, note + at + 4, 4);
        uint64_t type = jt_number_at(target, note + at + 8, 4);
        if (name > size || desc > size) {
            return false;
        }
        size_t from = at + 12 + (((size_t)name + 3u) & ~(size_t)3);
        size_t next = from + (((size_t)desc + 3u) & ~(size_t)3);
        if (next > size) {
            return false;
        }
        if (type == NT_GNU_BUILD_ID && name == 4 && memcmp(note + at + 12, "GNU", 4) == 0 &&
            desc <= JT_BUILD_ID_MAX) {
            out->size = (size_t)desc;
            memcpy(out->bytes, note + from, out->size);
            return out->size != 0;
        }
        at = next;
    }
    return false;
}

/* Kernels save the first page of every ELF file in a core, and linkers put the build-id there. */
void jt_memory_build_id(const struct jt_target *target, uint64_t start, struct jt_build_id *out) {
    struct jt_phdr ph[JT_PHDRS_MAX];
    size_t count = jt_memory_phdrs(target, start, ph);
    uint64_t first = 0;
    out->size = 0;
    for (size_t i = 0; i < count; i++) {
        if (ph[i].type == PT_LOAD && ph[i].offset == 0) {
            first = ph[i].vaddr;
        }
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t note[4096];
        if (ph[i].type == PT_NOTE && ph[i].filesz <= sizeof note &&
            jh_read(&target->heap.reader, start - first + ph[i].vaddr, note, (size_t)ph[i].filesz,
                    NULL) == JH_OK &&
            id_in_notes(target, note, (size_t)ph[i].filesz, out)) {
            return;
        }
    }
}
