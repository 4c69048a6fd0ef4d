/* skeleton_write.c - writes the file of a skeleton: header, segments, notes, zeroes, data. */
#include <errno.h>
#include <string.h>

#include "skeleton/inside.h"

#define BUFFER (64u << 10)

/* Writes a number in the target's byte order. Structures of Elf32 and Elf64 differ in the width of
 * some fields and in the place of p_flags. */
static void put_number(const struct jt_maker *m, uint64_t value, unsigned size) {
    uint8_t bytes[8];
    jt_number_put(m->target, bytes, value, size);
    fwrite(bytes, 1, size, m->file);
}

static void put_zeroes(const struct jt_maker *m, uint64_t count) {
    for (; count != 0; count--) {
        fputc(0, m->file);
    }
}

/* Sizes of ELF structures: [0] of 32-bit files, [1] of 64-bit files. */
static const unsigned header_size[] = {sizeof(Elf32_Ehdr), sizeof(Elf64_Ehdr)};
static const unsigned segment_size[] = {sizeof(Elf32_Phdr), sizeof(Elf64_Phdr)};
static const unsigned section_size[] = {sizeof(Elf32_Shdr), sizeof(Elf64_Shdr)};

static void put_header(const struct jt_maker *m, size_t segments) {
    const struct jt_private *p = m->target->priv;
    bool wide = p->words == 8, many = segments >= PN_XNUM;
    uint64_t sections = header_size[wide] + (uint64_t)segments * segment_size[wide];
    fwrite(ELFMAG, 1, SELFMAG, m->file);
    put_number(m, wide ? ELFCLASS64 : ELFCLASS32, 1);
    put_number(m, p->little_endian ? ELFDATA2LSB : ELFDATA2MSB, 1);
    put_number(m, EV_CURRENT, 1);
    put_number(m, p->freebsd ? ELFOSABI_FREEBSD : ELFOSABI_NONE, 1);
    put_zeroes(m, EI_NIDENT - EI_ABIVERSION);
    put_number(m, ET_CORE, 2);
    put_number(m, p->machine, 2);
    put_number(m, EV_CURRENT, 4);
    put_number(m, 0, p->words);                   /* e_entry */
    put_number(m, header_size[wide], p->words);   /* e_phoff */
    put_number(m, many ? sections : 0, p->words); /* e_shoff */
    put_number(m, 0, 4);                          /* e_flags */
    put_number(m, header_size[wide], 2);
    put_number(m, segment_size[wide], 2);
    put_number(m, many ? PN_XNUM : segments, 2);
    put_number(m, section_size[wide], 2);
    put_number(m, many, 2); /* e_shnum */
    put_number(m, 0, 2);
}

/* Writes section 0, which has the number of segments (sh_info) when that is too large for e_phnum.
 */
static void put_section(const struct jt_maker *m, size_t segments) {
    bool wide = m->target->priv->words == 8;
    unsigned before = wide ? 44 : 28;
    if (segments < PN_XNUM) {
        return;
    }
    put_zeroes(m, before);
    put_number(m, segments, 4);
    put_zeroes(m, section_size[wide] - before - 4);
}

static void put_segment(const struct jt_maker *m, uint32_t type, const struct jt_load *l) {
    unsigned word = m->target->priv->words;
    uint32_t flags = type == PT_LOAD ? PF_R | PF_W : PF_R;
    put_number(m, type, 4);
    if (word == 8) {
        put_number(m, flags, 4);
    }
    put_number(m, l->offset, word);
    put_number(m, l->addr, word);
    put_number(m, 0, word); /* p_paddr */
    put_number(m, l->filesz, word);
    put_number(m, l->memsz, word);
    if (word == 4) {
        put_number(m, flags, 4);
    }
    put_number(m, 1, word); /* p_align */
}

static uint64_t padded(uint64_t size, uint64_t unit) {
    return (size + unit - 1) / unit * unit;
}

static uint64_t notes_size(const struct jt_maker *m) {
    uint64_t size = 0;
    for (size_t i = 0; i <= JT_NOTES; i++) {
        bool there = m->note[i].bytes != NULL;
        size += there ? 12 + padded(sizeof JT_NOTE_OWNER, 4) + padded(m->note[i].size, 4) : 0;
    }
    return size;
}

static void put_notes(const struct jt_maker *m) {
    for (size_t i = 0; i <= JT_NOTES; i++) {
        size_t size = m->note[i].size;
        if (m->note[i].bytes == NULL) {
            continue;
        }
        put_number(m, sizeof JT_NOTE_OWNER, 4);
        put_number(m, size, 4);
        put_number(m, i, 4);
        fwrite(JT_NOTE_OWNER, 1, sizeof JT_NOTE_OWNER, m->file);
        put_zeroes(m, padded(sizeof JT_NOTE_OWNER, 4) - sizeof JT_NOTE_OWNER);
        fwrite(m->note[i].bytes, 1, size, m->file);
        put_zeroes(m, padded(size, 4) - size);
    }
}

static enum jt_status put_piece(const struct jt_maker *m, const struct jt_piece *piece) {
    const struct jh_reader *r = &m->target->heap.reader;
    uint8_t buffer[BUFFER];
    for (uint64_t at = 0; at < piece->len;) {
        size_t part = piece->len - at < BUFFER ? (size_t)(piece->len - at) : BUFFER, got = 0;
        enum jh_status status = r->read(r->arg, piece->addr + at, buffer, part, &got);
        if (status != JH_OK) {
            return jt_skeleton_stopped(m->target, status);
        }
        fwrite(buffer, 1, part, m->file);
        at += part;
    }
    return JT_OK;
}

enum jt_status jt_skeleton_put(const struct jt_maker *m, uint64_t *size) {
    bool wide = m->target->priv->words == 8;
    size_t segments = m->loads + 1;
    uint64_t note = header_size[wide] + (uint64_t)segments * segment_size[wide] +
                    (segments < PN_XNUM ? 0 : section_size[wide]);
    uint64_t notes = notes_size(m);
    uint64_t zeroes = padded(note + notes, 64), data = zeroes + m->zeroes;
    enum jt_status status = JT_OK;
    put_header(m, segments);
    put_segment(m, PT_NOTE, &(struct jt_load){0, notes, 0, note});
    for (size_t i = 0; i < m->loads; i++) {
        struct jt_load l = m->load[i];
        l.offset = l.filesz == 0 ? 0 : l.offset == JT_SKELETON_ZERO ? zeroes : data + l.offset;
        put_segment(m, PT_LOAD, &l);
    }
    put_section(m, segments);
    put_notes(m);
    put_zeroes(m, data - (note + notes));
    for (size_t i = 0; status == JT_OK && i < m->pieces; i++) {
        if (m->piece[i].offset != JT_SKELETON_ZERO) {
            status = put_piece(m, &m->piece[i]);
        }
    }
    *size = data + m->data;
    if (status == JT_OK && (fflush(m->file) != 0 || ferror(m->file))) {
        return jt_fail(m->target, JT_INCOMPLETE, "the skeleton could not be written: %s",
                       strerror(errno));
    }
    return status;
}
