/* sparse_core.c - finds which bytes of a core's file are on the disk.
 *
 * Memory that a program reserved and never touched is a hole of the file: it reads as zeroes, and
 * there may be terabytes of it. Holes are known to be zero without being read, so they are left out
 * of the image that is read. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "image/inside.h"

#define GRAIN 4096 /* bytes: file systems have no shorter holes */

/* Joins runs with a short hole between them, to have fewer runs. The hole then reads as zeroes of
 * the file. */
static void join_runs(struct jt_ranges *data, uint64_t shortest) {
    size_t kept = 0;
    for (size_t i = 1; i < data->count; i++) {
        if (data->range[i].start - data->range[kept].end < shortest) {
            data->range[kept].end = data->range[i].end;
        } else {
            data->range[++kept] = data->range[i];
        }
    }
    data->count = kept + 1;
}

bool jt_data_find(struct jt_target *target, int fd, uint64_t size, size_t most,
                  struct jt_ranges *data) {
    uint64_t shortest = GRAIN;
    for (off_t at = 0; (uint64_t)at < size;) {
        off_t from = lseek(fd, at, SEEK_DATA);
        if (from < 0 && errno == ENXIO) {
            break; /* the rest is a hole */
        }
        off_t to = from < 0 ? -1 : lseek(fd, from, SEEK_HOLE);
        if (to <= from || !jt_go_on(target, "looking for the core's holes", (uint64_t)at, size)) {
            return false; /* this file system does not say where its holes are */
        }
        jt_ranges_add(data, (uint64_t)from, (uint64_t)(to - from));
        while (data->count >= most) {
            shortest *= 2;
            join_runs(data, shortest);
        }
        at = to;
    }
    return !data->lost;
}

/* The most pieces into which a segment is cut that leads to [offset, end) of the file. */
static size_t pieces_of(const struct jt_ranges *data, uint64_t offset, uint64_t end) {
    size_t first = jt_ranges_behind(data->range, data->count, offset);
    return 2 * (jt_ranges_behind(data->range, data->count, end - 1) - first) + 3;
}

static size_t cut_segment(struct jh_segment s, uint64_t offset, const struct jt_ranges *data,
                          struct jh_segment *out) {
    size_t pieces = 0, i = jt_ranges_behind(data->range, data->count, offset);
    for (uint64_t done = 0; done < s.len;) {
        uint64_t at = offset + done;
        bool there = i < data->count && data->range[i].start <= at;
        uint64_t to = i == data->count ? UINT64_MAX
                      : there          ? data->range[i].end
                                       : data->range[i].start;
        uint64_t len = to - at < s.len - done ? to - at : s.len - done;
        out[pieces++] = (struct jh_segment){s.addr + done, there ? s.bytes + done : NULL, len};
        done += len;
        i += there;
    }
    return pieces;
}

/* The offset of the segment's bytes in the core's file; false: they are in another file. */
static bool offset_of(const struct jt_private *p, const struct jh_segment *s, uint64_t *out) {
    uintptr_t file = (uintptr_t)p->core, bytes = (uintptr_t)s->bytes;
    *out = bytes - file;
    return *out < p->core_size && s->len != 0; /* below p->core the difference wraps */
}

struct jh_segment *jt_segments_without_holes(const struct jt_private *p, size_t *out) {
    size_t room = 0, count = 0, most = 4 * (p->data.count + p->segments) + 16;
    uint64_t offset;
    for (size_t i = 0; i < p->segments; i++) {
        const struct jh_segment *s = &p->segment[i];
        room += offset_of(p, s, &offset) ? pieces_of(&p->data, offset, offset + s->len) : 1;
    }
    /* Many segments may share bytes, so that this would take too much: then none is cut. */
    struct jh_segment *all = room > most ? NULL : malloc((room + 1) * sizeof *all);
    for (size_t i = 0; all != NULL && i < p->segments; i++) {
        struct jh_segment s = p->segment[i];
        if (offset_of(p, &s, &offset)) {
            count += cut_segment(s, offset, &p->data, all + count);
        } else {
            all[count++] = s;
        }
    }
    *out = count;
    return all;
}
