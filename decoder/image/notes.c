/* notes.c - reads a core's notes: mapped files, auxiliary vector, process, threads.
 *
 * Kernels, debuggers and emulators write them in the target's own words: 4 or 8 bytes, either byte
 * order. */
#include <gelf.h>
#include <string.h>

#include "image/inside.h"

#ifndef NT_FILE
#define NT_FILE 0x46494c45
#endif

/* NT_FILE: count, page size, count x {start, end, offset in pages}, count names. */
static void read_files(struct jt_target *target, const uint8_t *note, size_t size) {
    unsigned word = target->priv->words;
    if (size < 2 * word || jt_number_at(target, note, word) > (size - 2 * word) / (3 * word)) {
        return;
    }
    size_t count = (size_t)jt_number_at(target, note, word);
    uint64_t unit = jt_number_at(target, note + word, word);
    const uint8_t *row = note + 2 * word;
    const char *name = (const char *)row + 3 * word * count, *end = (const char *)note + size;
    for (size_t i = 0; i < count; i++, row += 3 * word) {
        const char *stop = memchr(name, 0, (size_t)(end - name));
        if (stop == NULL) {
            return;
        }
        struct jt_mapping m = {.start = jt_number_at(target, row, word),
                               .end = jt_number_at(target, row + word, word),
                               .offset = jt_number_at(target, row + 2 * word, word) * unit,
                               .readable = true};
        if (m.start < m.end && !jt_mapping_add(target, &m, name)) {
            target->memory_ran_out = true;
            return;
        }
        name = stop + 1;
    }
}

/* NT_PRPSINFO, struct elf_prpsinfo: four bytes, a long of flags, then user and group, which older
 * 32-bit kernels store in two bytes each. */
static void read_process(struct jt_target *target, const uint8_t *note, size_t size) {
    size_t at = target->priv->words == 8 ? 24 : size < 128 ? 12 : 16;
    if (size < 124) {
        return;
    }
    uint64_t pid = jt_number_at(target, note + at, 4);
    target->pid = pid <= INT32_MAX ? (int)pid : 0;
}

static void read_note(struct jt_target *target, uint64_t type, const uint8_t *desc, size_t size) {
    if (type == NT_FILE) {
        read_files(target, desc, size);
    }
    if (type == NT_AUXV) {
        jt_auxv_read(target, desc, size);
    }
    if (type == NT_PRSTATUS) {
        jt_thread_note(target, desc, size);
    }
    if (type == NT_PRPSINFO) {
        read_process(target, desc, size);
    }
}

/* Takes a note of a skeleton (SKELETON.md). Of several notes of one type the first one counts. */
static void read_skeleton_note(struct jt_target *target, uint64_t type, const uint8_t *desc,
                               size_t size) {
    struct jt_text *note = target->priv->note;
    if (type <= JT_NOTES && note[type].bytes == NULL) {
        note[type] = (struct jt_text){(const char *)desc, size};
    }
}

static void read_segment(struct jt_target *target, const uint8_t *bytes, size_t size) {
    for (size_t at = 0; size - at >= 12;) {
        size_t name = (size_t)jt_number_at(target, bytes + at, 4);
        size_t desc = (size_t)jt_number_at(target, bytes + at + 4, 4);
        uint64_t type = jt_number_at(target, bytes + at + 8, 4);
        size_t left = size - at - 12, padded = (name + 3) & ~(size_t)3;
        if (padded > left || desc > left - padded) {
            return;
        }
        const uint8_t *owner = bytes + at + 12;
        if (name == 5 && memcmp(owner, "CORE", 5) == 0) {
            read_note(target, type, owner + padded, desc);
        }
        if (name == 6 && memcmp(owner, "LINUX", 6) == 0) {
            jt_thread_note_more(target, type, owner + padded, desc);
        }
        if (name == 8 && memcmp(owner, "FreeBSD", 8) == 0) {
            jt_note_freebsd(target, type, owner + padded, desc);
        }
        if (name == sizeof JT_NOTE_OWNER && memcmp(owner, JT_NOTE_OWNER, name) == 0) {
            read_skeleton_note(target, type, owner + padded, desc);
        }
        left -= padded;
        desc = (desc + 3) & ~(size_t)3;
        at = desc > left ? size : at + 12 + padded + desc;
    }
}

/* Program headers may all name the same notes: reading stops after as many bytes as the core has.
 */
void jt_notes_read(struct jt_target *target, Elf *elf) {
    const struct jt_private *p = target->priv;
    size_t count, left = p->core_size;
    if (elf_getphdrnum(elf, &count) != 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr ph;
        if (gelf_getphdr(elf, (int)i, &ph) == NULL || ph.p_type != PT_NOTE ||
            ph.p_offset > p->core_size || ph.p_filesz > p->core_size - ph.p_offset ||
            ph.p_filesz > left) {
            continue; /* the core is cut off; the segments report that */
        }
        left -= (size_t)ph.p_filesz;
        read_segment(target, p->core + ph.p_offset, (size_t)ph.p_filesz);
    }
}

bool jt_is_skeleton(const struct jt_target *target) {
    return target->priv->note[JT_NOTE_ABOUT].bytes != NULL;
}
