/* notes.c - what a core's notes tell: the mapped files, the auxiliary vector, the process. */
#include <gelf.h>
#include <string.h>
#include <sys/procfs.h>

#include "private.h"

#ifndef NT_FILE
#define NT_FILE 0x46494c45
#endif

static uint64_t word(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* count, page size, count x {start, end, offset in pages}, count names. */
static void read_files(struct jt_target *target, const uint8_t *note, size_t size) {
    if (size < 16 || word(note) > (size - 16) / 24)
        return;
    size_t count = (size_t)word(note);
    uint64_t unit = word(note + 8);
    const char *name = (const char *)note + 16 + 24 * count, *end = (const char *)note + size;
    for (size_t i = 0; i < count; i++) {
        const char *stop = memchr(name, 0, (size_t)(end - name));
        if (stop == NULL)
            return;
        const uint8_t *row = note + 16 + 24 * i;
        struct jt_mapping m = {word(row), word(row + 8), word(row + 16) * unit, true, false, NULL};
        if (m.start < m.end && !jt_mapping_add(target, &m, name))
            return;
        name = stop + 1;
    }
}

static void read_note(struct jt_target *target, const GElf_Nhdr *note, const uint8_t *desc) {
    size_t size = note->n_descsz;
    if (note->n_type == NT_FILE)
        read_files(target, desc, size);
    if (note->n_type == NT_AUXV)
        jt_auxv_read(target, desc, size);
    if (note->n_type == NT_PRPSINFO && size >= sizeof(struct elf_prpsinfo)) {
        struct elf_prpsinfo info;
        memcpy(&info, desc, sizeof info);
        target->pid = info.pr_pid;
    }
}

static void read_segment(struct jt_target *target, Elf *elf, const GElf_Phdr *ph) {
    uint64_t size = target->priv->core_size;
    if (ph->p_offset > size || ph->p_filesz > size - ph->p_offset)
        return; /* cut off, which the segments say as well */
    Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)ph->p_offset, ph->p_filesz, ELF_T_NHDR);
    GElf_Nhdr note;
    size_t at = 0, next, name, desc;
    while (data != NULL && (next = gelf_getnote(data, at, &note, &name, &desc)) > 0) {
        if (note.n_namesz == 5 && memcmp((const char *)data->d_buf + name, "CORE", 5) == 0)
            read_note(target, &note, (const uint8_t *)data->d_buf + desc);
        at = next;
    }
}

void jt_notes_read(struct jt_target *target, Elf *elf) {
    size_t count;
    if (elf_getphdrnum(elf, &count) != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr ph;
        if (gelf_getphdr(elf, (int)i, &ph) != NULL && ph.p_type == PT_NOTE && ph.p_filesz != 0)
            read_segment(target, elf, &ph);
    }
}
