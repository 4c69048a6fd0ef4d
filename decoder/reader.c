/* reader: the only gate for target bytes. Nothing else in the library calls a callback. */
#include "internal.h"

#include <string.h>

enum jh_status jh_read(const struct jh_reader *reader, uint64_t addr, void *dst, size_t len,
                       struct jh_fault *fault) {
    if (len && addr + (len - 1) < addr) {
        return jh_fail(fault, JH_ABSENT, JH_STAGE_READER, addr, len, "reader.wrap");
    }
    size_t got = 0;
    enum jh_status status = reader->read(reader->arg, addr, dst, len, &got);
    if (status == JH_OK && got == len) {
        return JH_OK;
    }
    if (status == JH_OK) {
        status = JH_ABSENT;
    }
    return jh_fail(fault, status, JH_STAGE_READER, addr + got, len,
                   status == JH_LIMIT    ? "reader.budget"
                   : status == JH_ABSENT ? "reader.bytes-absent"
                                         : "reader.failed");
}

static void gather(const struct jh_reader *reader, struct jh_span *span, size_t count) {
    if (reader->gather && reader->gather(reader->arg, span, count) == JH_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        span[i].got = 0;
        if (span[i].addr + span[i].len < span[i].addr ||
            reader->read(reader->arg, span[i].addr, span[i].dst, span[i].len, &span[i].got) !=
                JH_OK) {
            span[i].got = 0;
        }
    }
}

void jh_fetch_many(const struct jh_reader *reader, const uint64_t *addr, size_t count, size_t len,
                   uint8_t *buf, const uint8_t **out) {
    struct jh_span span[JH_FETCH_MAX];
    size_t where[JH_FETCH_MAX];
    size_t missing = 0;
    for (size_t i = 0; i < count; i++) {
        out[i] = addr[i] ? jh_lend(reader, addr[i], len) : NULL;
        if (out[i]) {
            JH_PREFETCH(out[i]);
        } else if (addr[i]) {
            where[missing] = i;
            span[missing++] = (struct jh_span){addr[i], buf + i * len, len, 0};
        }
    }
    if (!missing) {
        return;
    }
    gather(reader, span, missing);
    for (size_t i = 0; i < missing; i++) {
        out[where[i]] = span[i].got == len ? span[i].dst : NULL;
    }
}

enum jh_status jh_fetch_some(const struct jh_reader *reader, uint64_t addr, size_t *len,
                             uint8_t *buf, size_t buf_len, const uint8_t **out) {
    const uint8_t *lent = jh_lend(reader, addr, *len);
    if (lent) {
        *out = lent;
        return JH_OK;
    }
    size_t want = *len < buf_len ? *len : buf_len, got = 0;
    *out = buf;
    if (addr + want < addr) {
        return JH_ABSENT;
    }
    enum jh_status status = reader->read(reader->arg, addr, buf, want, &got);
    *len = got < want ? got : want;
    return *len ? JH_OK : status == JH_OK ? JH_ABSENT : status;
}

/* ---- image ----------------------------------------------------------------------------------- */

/* The first segment that does not end in front of addr; NULL when there is none. */
static const struct jh_segment *first_from(const struct jh_image *image, uint64_t addr) {
    size_t low = 0, high = image->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct jh_segment *s = &image->segment[middle];
        if (s->addr > addr || addr - s->addr < s->len) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low < image->count ? &image->segment[low] : NULL;
}

static const struct jh_segment *find_segment(struct jh_image *image, uint64_t addr) {
    struct jh_window *window = jh_image_window(image, addr);
    const struct jh_segment *s = window->segment;
    if (s && addr - s->addr < s->len) {
        return s;
    }
    s = first_from(image, addr);
    if (!s || s->addr > addr) {
        return NULL;
    }
    bool lends = s->bytes && s->len >= JH_WINDOW_BYTES;
    *window = (struct jh_window){s->addr, lends ? s->len - (JH_WINDOW_BYTES - 1) : 0, s->bytes, s};
    return s;
}

static enum jh_status image_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct jh_image *image = arg;
    size_t done = 0;
    while (done < len) {
        const struct jh_segment *s = find_segment(image, addr + done);
        if (!s) {
            break;
        }
        uint64_t offset = addr + done - s->addr;
        size_t part = s->len - offset < len - done ? (size_t)(s->len - offset) : len - done;
        if (s->bytes) {
            memcpy((uint8_t *)dst + done, s->bytes + offset, part);
        } else {
            memset((uint8_t *)dst + done, 0, part);
        }
        done += part;
    }
    *got = done;
    return done == len ? JH_OK : JH_ABSENT;
}

const void *jh_image_lend(void *arg, uint64_t addr, size_t len) {
    const struct jh_segment *s = find_segment((struct jh_image *)arg, addr);
    bool lends = s && s->bytes && s->len - (addr - s->addr) >= len;
    return lends ? s->bytes + (addr - s->addr) : NULL;
}

const uint8_t *jh_image_lend_node(struct jh_image *image, unsigned level, uint64_t addr,
                                  size_t len) {
    const uint8_t *bytes = jh_image_lend(image, addr, len);
    if (bytes) {
        image->node[level] = *jh_image_window(image, addr);
    }
    return bytes;
}

static uint64_t image_next(void *arg, uint64_t addr) {
    const struct jh_segment *s = first_from((const struct jh_image *)arg, addr);
    if (!s) {
        return UINT64_MAX;
    }
    return s->addr > addr ? s->addr : addr;
}

static uint64_t image_nonzero(void *arg, uint64_t addr) {
    const struct jh_segment *s = find_segment((struct jh_image *)arg, addr);
    return s && !s->bytes ? s->addr + s->len : addr;
}

enum jh_status jh_image_reader(struct jh_image *image, struct jh_reader *out,
                               struct jh_fault *fault) {
    for (size_t i = 0; i < image->count; i++) {
        const struct jh_segment *s = &image->segment[i];
        if (s->len && s->addr + (s->len - 1) < s->addr) {
            return jh_fail(fault, JH_BAD_ARG, JH_STAGE_READER, s->addr, s->len,
                           "reader.segment-wraps");
        }
        if (i && s->addr - s[-1].addr < s[-1].len) {
            return jh_fail(fault, JH_BAD_ARG, JH_STAGE_READER, s->addr, s[-1].addr,
                           "reader.segments-overlap");
        }
        if (i && s->addr < s[-1].addr) {
            return jh_fail(fault, JH_BAD_ARG, JH_STAGE_READER, s->addr, s[-1].addr,
                           "reader.segments-unsorted");
        }
    }
    memset(image->window, 0, sizeof(image->window));
    memset(image->node, 0, sizeof(image->node));
    *out = (struct jh_reader){.read = image_read,
                              .lend = jh_image_lend,
                              .arg = image,
                              .next = image_next,
                              .nonzero = image_nonzero};
    return JH_OK;
}
