/* core.c - opens a core: maps the file and lends its segments without copying them.
 * core_headers.c reads its headers. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/inside.h"

enum jt_status jt_image_start(struct jt_target *target) {
    struct jt_private *p = target->priv;
    struct jh_fault fault;
    p->segments = jt_segments_normalise(p->segment, p->segments);
    memset(&p->image, 0, sizeof p->image);
    free(p->piece);
    p->piece = p->data.count == 0 ? NULL : jt_segments_without_holes(p, &p->image.count);
    p->image.segment = p->piece;
    if (p->piece == NULL) {
        p->image.segment = p->segment;
        p->image.count = p->segments;
    }
    if (jh_image_reader(&p->image, &target->heap.reader, &fault) != JH_OK) {
        return jt_fail(target, JT_UNREADABLE, "the segments cannot be read: %s at 0x%" PRIx64,
                       fault.rule, fault.addr);
    }
    jt_watch_reader(target);
    return JT_OK;
}

static void find_holes(struct jt_target *target) {
    enum { PIECES_MAX = 1 << 18 };
    struct jt_private *p = target->priv;
    if (!jt_data_find(target, p->core_fd, p->core_size, PIECES_MAX, &p->data) ||
        jt_ranges_bytes(p->data.range, p->data.count) == p->core_size) {
        jt_ranges_free(&p->data);
    }
}

/* O_NONBLOCK, because open() of a FIFO waits until somebody writes to it. */
static enum jt_status map_file(struct jt_target *target, const char *path) {
    struct jt_private *p = target->priv;
    struct stat *st = &p->core_was;
    p->core_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (p->core_fd < 0 || fstat(p->core_fd, st) != 0) {
        return jt_fail(target, JT_UNREADABLE, "%s: %s", target->path, strerror(errno));
    }
    if (!S_ISREG(st->st_mode) || st->st_size == 0) {
        return jt_fail(target, JT_UNREADABLE, "%s: %s, not a core", target->path,
                       S_ISREG(st->st_mode) ? "an empty file" : "not a regular file");
    }
    p->core_size = (size_t)st->st_size;
    void *bytes = mmap(NULL, p->core_size, PROT_READ, MAP_PRIVATE, p->core_fd, 0);
    if (bytes == MAP_FAILED) {
        return jt_fail(target, JT_UNREADABLE, "%s: cannot be mapped: %s", target->path,
                       strerror(errno));
    }
    p->core = bytes;
    p->core_mapped = true;
    find_holes(target);
    return JT_OK;
}

bool jt_changed(const struct jt_target *target) {
    const struct jt_private *p = target->priv;
    const struct stat *was = &p->core_was;
    struct stat now;
    return p->core_fd >= 0 && fstat(p->core_fd, &now) == 0 &&
           (now.st_size != was->st_size || now.st_mtim.tv_sec != was->st_mtim.tv_sec ||
            now.st_mtim.tv_nsec != was->st_mtim.tv_nsec);
}

void jt_core_count(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    uint64_t mapped = 0;
    target->bytes_present = 0;
    for (size_t i = 0; i < p->mapped_count; i++) {
        mapped += p->mapped[i].end - p->mapped[i].start;
    }
    for (size_t i = 0; i < p->segments; i++) {
        target->bytes_present += p->segment[i].len;
    }
    target->bytes_absent = mapped > target->bytes_present ? mapped - target->bytes_present : 0;
}

uint64_t jt_core_bytes(const struct jt_target *target) {
    const struct jt_ranges *data = &target->priv->data;
    uint64_t bytes =
        data->count == 0 ? target->priv->core_size : jt_ranges_bytes(data->range, data->count);
    if (target->kind != JT_CORE) {
        return UINT64_MAX;
    }
    return bytes + target->priv->lent;
}

uint64_t jt_core_bytes_with_zeroes(const struct jt_target *target) {
    const struct jt_private *p = target->priv;
    uint64_t zeroes = jt_is_skeleton(target) ? p->segments * JT_SKELETON_ZEROES_MAX : 0;
    return jt_core_bytes(target) + zeroes;
}

static enum jt_status read_core(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    enum jt_status status = jt_core_check_ident(target);
    if (status != JT_OK) {
        return status;
    }
    Elf *elf = elf_memory((char *)(uintptr_t)p->core,
                          p->core_size); /* elf_memory() takes no const; nothing writes to it */
    status = jt_core_read_headers(target, elf);
    if (status == JT_OK) {
        jt_notes_read(target, elf);
        status = jt_core_add_files(target);
    }
    if (status == JT_OK) {
        status = jt_image_start(target);
    }
    if (status == JT_OK && target->bytes_truncated != 0) {
        jt_warn(target,
                "%s was cut off: %" PRIu64 " bytes that its headers promise are missing; "
                "answers about them are \"absent\"",
                target->path, target->bytes_truncated);
    }
    target->priv->file_warnings = target->warnings;
    elf_end(elf);
    return status;
}

static bool name_core(struct jt_target *target, const char *name) {
    target->kind = JT_CORE;
    target->priv->core_path = strdup(name);
    target->path = target->priv->core_path;
    return target->path != NULL;
}

enum jt_status jt_core_open(struct jt_target *target, const char *path, const char *name) {
    if (!name_core(target, name)) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    enum jt_status status = map_file(target, path);
    return status == JT_OK ? read_core(target) : status;
}

enum jt_status jt_core_read(struct jt_target *target, const uint8_t *bytes, size_t size,
                            const char *name) {
    if (!name_core(target, name)) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    if (size == 0) {
        return jt_fail(target, JT_UNREADABLE, "%s: no bytes, not a core", name);
    }
    target->priv->core = bytes;
    target->priv->core_size = size;
    return read_core(target);
}

void jt_core_close(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    if (p->core_fd >= 0) {
        close(p->core_fd);
    }
    if (p->core_mapped) {
        munmap((void *)(uintptr_t)p->core, p->core_size);
    }
    free(p->core_path);
    free(p->piece);
    jt_ranges_free(&target->priv->data);
}
