/* notes_freebsd.c - reads the notes of a FreeBSD core: mappings, auxiliary vector, process,
 * threads.
 *
 * FreeBSD's kernel writes the size of one entry (4 bytes) in front of what procstat(1) gets. This
 * is written from its headers (sys/user.h, sys/elf_common.h); no real FreeBSD core was at hand. */
#include <string.h>

#include "image/inside.h"

enum { PRSTATUS = 1, THRMISC = 7 };       /* NT_..., of each thread */
enum { PROC = 8, VMMAP = 10, AUXV = 16 }; /* NT_PROCSTAT_... */

#define FRONT 4 /* bytes before the entries, which have the size of one entry */

/* struct kinfo_vmentry: the same offsets for 32 and 64 bits. The kernel drops what follows the
 * path. */
enum { SIZE, START = 8, END = 16, OFFSET = 24, PROTECTION = 56, PATH = 136 };
enum { READ = 1, WRITE = 2, EXECUTE = 4 };

static bool take_mapping(struct jt_target *target, const uint8_t *entry, size_t size) {
    const char *path = (const char *)entry + PATH;
    uint64_t may = jt_number_at(target, entry + PROTECTION, 4);
    struct jt_mapping m = {.start = jt_number_at(target, entry + START, 8),
                           .end = jt_number_at(target, entry + END, 8),
                           .offset = jt_number_at(target, entry + OFFSET, 8),
                           .readable = (may & READ) != 0,
                           .writable = (may & WRITE) != 0};
    if (m.start >= m.end || memchr(path, 0, size - PATH) == NULL) {
        return true;
    }
    if ((may & EXECUTE) != 0) {
        jt_ranges_add(&target->priv->code, m.start, m.end - m.start);
    }
    return jt_mapping_add(target, &m, path);
}

static void read_mappings(struct jt_target *target, const uint8_t *note, size_t size) {
    for (size_t at = FRONT; at < size && size - at > PATH;) {
        size_t len = (size_t)jt_number_at(target, note + at + SIZE, 4);
        if (len <= PATH || len > size - at) {
            return;
        }
        if (!take_mapping(target, note + at, len)) {
            target->memory_ran_out = true;
            return;
        }
        at += len;
    }
}

/* struct kinfo_proc: two ints and eight pointers are in front of the process id. */
static void read_process(struct jt_target *target, const uint8_t *note, size_t size) {
    size_t at = FRONT + 8 + 8 * (size_t)target->priv->words;
    if (size >= at + 4) {
        uint64_t pid = jt_number_at(target, note + at, 4);
        target->pid = pid <= INT32_MAX ? (int)pid : 0;
    }
}

void jt_note_freebsd(struct jt_target *target, uint64_t type, const uint8_t *desc, size_t size) {
    if (type == VMMAP) {
        read_mappings(target, desc, size);
    }
    if (type == AUXV && size >= FRONT) {
        jt_auxv_read(target, desc + FRONT, size - FRONT);
    }
    if (type == PRSTATUS) {
        jt_thread_note_freebsd(target, desc, size);
    }
    if (type == THRMISC) {
        jt_thread_name_freebsd(target, desc, size);
    }
    if (type == PROC) {
        read_process(target, desc, size);
    }
}
