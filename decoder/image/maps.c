/* maps.c - reads /proc/PID/maps and the auxiliary vector. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/inside.h"

#define FREEBSD_EXECPATH 15 /* AT_EXECPATH of FreeBSD; the number of AT_PLATFORM on Linux */

bool jt_mapping_add(struct jt_target *target, const struct jt_mapping *mapping, const char *path) {
    struct jt_private *p = target->priv;
    struct jt_mapping *grown = jt_grow(p->mapping, p->mappings, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    p->mapping = grown;
    grown[p->mappings] = *mapping;
    grown[p->mappings].path = strdup(path);
    if (grown[p->mappings].path == NULL) {
        return false;
    }
    p->mappings++;
    return true;
}

bool jt_mapped_from_mappings(struct jt_target *target) {
    struct jt_private *p = target->priv;
    p->mapped = calloc(p->mappings + 1, sizeof *p->mapped);
    if (p->mapped == NULL) {
        return false;
    }
    for (size_t i = 0; i < p->mappings; i++) {
        p->mapped[i] = (struct jt_range){p->mapping[i].start, p->mapping[i].end};
    }
    p->mapped_count = jt_ranges_normalise(p->mapped, p->mappings);
    return true;
}

void jt_auxv_read(struct jt_target *target, const uint8_t *bytes, size_t size) {
    struct jt_private *p = target->priv;
    unsigned word = p->words;
    for (size_t at = 0; at + 2 * word <= size; at += 2 * word) {
        uint64_t value = jt_number_at(target, bytes + at + word, word);
        switch (jt_number_at(target, bytes + at, word)) {
        case AT_ENTRY:
            p->entry = value;
            break;
        case AT_PHDR:
            p->phdr = value;
            break;
        case AT_PHNUM:
            p->phnum = value;
            break;
        case AT_EXECFN: /* FreeBSD has another entry of this number */
            p->execfn = p->freebsd ? p->execfn : value;
            break;
        case FREEBSD_EXECPATH:
            p->execfn = p->freebsd ? value : p->execfn;
            break;
        case AT_SYSINFO_EHDR: /* on FreeBSD another address of the kernel */
            p->vdso = value;
            break;
        case AT_PAGESZ:
            p->page_size = value;
            break;
        default:
            break;
        }
    }
}

static bool take_line(struct jt_target *target, char *line) {
    struct jt_mapping m = {0};
    int path = 0;
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %n", &m.start, &m.end, m.mode,
               &m.offset, &path) < 4 ||
        path == 0) {
        return true; /* not a line that proc(5) describes: ignored */
    }
    m.readable = m.mode[0] == 'r';
    m.writable = m.mode[1] == 'w';
    if (m.writable) {
        jt_ranges_add(&target->priv->writable, m.start, m.end - m.start);
    }
    if (m.mode[2] == 'x') {
        jt_ranges_add(&target->priv->code, m.start, m.end - m.start);
    }
    line[strcspn(line, "\n")] = 0;
    return jt_mapping_add(target, &m, line + path);
}

/* Learns the machine from the program's ELF header: 64-bit kernels also run 32-bit programs. */
static void read_machine(struct jt_target *target) {
    char name[64];
    uint8_t header[64];
    snprintf(name, sizeof name, "/proc/%d/exe", target->pid);
    (void)jt_machine_take(target, header, jt_read_file(name, header, sizeof header));
}

static void read_auxv(struct jt_target *target) {
    char name[64];
    uint8_t bytes[4096];
    snprintf(name, sizeof name, "/proc/%d/auxv", target->pid);
    jt_auxv_read(target, bytes, jt_read_file(name, bytes, sizeof bytes));
}

static enum jt_status not_opened(struct jt_target *target, int error) {
    if (error == ENOMEM) {
        return jt_fail(target, JT_UNREADABLE, "process %d: out of memory", target->pid);
    }
    if (error == ENOENT || error == ESRCH) {
        return jt_fail(target, JT_UNREADABLE, "process %d: there is no such process", target->pid);
    }
    return jt_fail(target, JT_UNREADABLE,
                   "process %d: %s; to read it you must be the same user and have a permissive "
                   "/proc/sys/kernel/yama/ptrace_scope, or have CAP_SYS_PTRACE",
                   target->pid, strerror(error));
}

enum jt_status jt_maps_read(struct jt_target *target) {
    char name[64], *line = NULL;
    size_t size = 0;
    bool ok = true;
    snprintf(name, sizeof name, "/proc/%d/maps", target->pid);
    FILE *file = fopen(name, "re");
    if (file == NULL) {
        return not_opened(target, errno);
    }
    errno = 0;
    while (ok && getline(&line, &size, file) > 0) {
        ok = take_line(target, line);
    }
    int error = !ok ? ENOMEM : feof(file) ? 0 : errno; /* getline() does not report ENOMEM */
    free(line);
    fclose(file);
    if (error != 0) {
        return not_opened(target, error);
    }
    jt_ranges_merge(&target->priv->writable);
    if (!jt_mapped_from_mappings(target) || target->priv->code.lost ||
        target->priv->writable.lost) {
        return jt_fail(target, JT_UNREADABLE, "process %d: out of memory", target->pid);
    }
    if (target->priv->mappings == 0) {
        return jt_fail(
            target, JT_UNREADABLE,
            "process %d has no memory: it is ending, or it is a thread of the kernel; or only "
            "its first thread has ended, then give another thread's id of /proc/%d/task",
            target->pid, target->pid);
    }
    read_machine(target);
    read_auxv(target);
    return JT_OK;
}
