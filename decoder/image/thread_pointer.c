/* thread_pointer.c - finds the thread pointers that no register tells, where thread-local storage
 * is.
 *
 * Only a tracer may read the registers of a process, and a debugger's core may lack the note that
 * has the thread pointer. But on some machines the C library's data of a thread (struct pthread)
 * begins at the thread pointer, and has two pointers to itself and the thread's number, by which it
 * is found in memory. */
#include "image/inside.h"

#define STACK_MAX (UINT64_C(8) << 20) /* bytes to search above a stack pointer */
#define SMALL (UINT64_C(1) << 20)     /* a mapping of at most this size is searched as a whole */
#define END (UINT64_C(64) << 10)      /* bytes to search at each end of a larger mapping */
#define WORK_MAX (UINT64_C(1) << 30)  /* a core may have any number of threads and pointers */

struct search {
    const struct jt_target *target;
    uint64_t left; /* work that may still be done: bytes, mappings and threads to look at */
};

static void spend(struct search *s, uint64_t work) {
    s->left -= work < s->left ? work : s->left;
}

static bool all_known(const struct jt_private *p) {
    size_t i = 0;
    while (i < p->threads && p->thread[i].tls != 0) {
        i++;
    }
    return i == p->threads;
}

/* Takes the thread pointer at, if one is there. */
static void take_pointer(struct search *s, uint64_t at) {
    const struct jt_private *p = s->target->priv;
    int id;
    if (!jt_thread_pointer_at(s->target, at, &id)) {
        return;
    }
    spend(s, p->threads);
    for (size_t i = 0; i < p->threads; i++) {
        if (p->thread[i].id == id && p->thread[i].tls == 0) {
            p->thread[i].tls = at;
        }
    }
}

/* Looks for words that point to themselves. */
static void search_block(struct search *s, uint64_t from, const uint8_t *bytes, size_t size) {
    const struct jt_private *p = s->target->priv;
    const unsigned word = p->words, low = p->little_endian ? 0 : word - 1;
    for (size_t i = 0; i + word <= size; i += word) {
        if (bytes[i + low] == (uint8_t)(from + i) &&
            jt_number_at(s->target, bytes + i, word) == from + i) {
            take_pointer(s, from + i);
        }
    }
}

static void search(struct search *s, uint64_t from, uint64_t end) {
    uint8_t bytes[32768];
    const struct jh_reader *reader = &s->target->heap.reader;
    from &= ~(uint64_t)(s->target->priv->words - 1);
    while (from < end && s->left != 0) {
        uint64_t want = end - from < sizeof bytes ? end - from : sizeof bytes;
        size_t got = 0;
        (void)reader->read(reader->arg, from, bytes, (size_t)want, &got);
        spend(s, want);
        search_block(s, from, bytes, got);
        from += want;
    }
}

/* Mapping k that a thread's data may be in, from its start on; false: it is none. */
static bool mapping_of(const struct jt_target *target, size_t k, struct jt_range *out) {
    const struct jt_private *p = target->priv;
    if (target->kind == JT_PROCESS) {
        *out = (struct jt_range){p->mapping[k].start, p->mapping[k].end};
        return p->mapping[k].writable;
    }
    *out = (struct jt_range){p->segment[k].addr, p->segment[k].addr + p->segment[k].len};
    return true;
}

static size_t mappings_of(const struct jt_target *target) {
    return target->kind == JT_PROCESS ? target->priv->mappings : target->priv->segments;
}

/* Searches above the stack pointers: the data of all threads but the first lies above their stacks,
 * in the same mapping. */
static void search_above_stacks(struct search *s) {
    const struct jt_private *p = s->target->priv;
    const size_t mappings = mappings_of(s->target);
    for (size_t i = 0; i < p->threads; i++) {
        struct jt_range m;
        uint64_t stack = p->thread[i].tls == 0 ? p->thread[i].stack : 0;
        spend(s, stack == 0 ? 0 : mappings);
        for (size_t k = 0; stack != 0 && k < mappings && s->left != 0; k++) {
            if (mapping_of(s->target, k, &m) && stack >= m.start && stack < m.end) {
                search(s, stack, m.end - stack < STACK_MAX ? m.end : stack + STACK_MAX);
            }
        }
    }
}

static void search_mappings(struct search *s) {
    const size_t mappings = mappings_of(s->target);
    for (size_t k = 0; k < mappings && s->left != 0 && !all_known(s->target->priv); k++) {
        struct jt_range m;
        spend(s, s->target->priv->threads);
        if (!mapping_of(s->target, k, &m)) {
            continue;
        }
        bool small = m.end - m.start <= SMALL;
        search(s, m.start, small ? m.end : m.start + END);
        search(s, small ? m.end : m.end - END, m.end);
    }
}

bool jt_threads_locate(struct jt_target *target) {
    struct search s = {target, WORK_MAX};
    if (jt_thread_form(target)->self == 0 || all_known(target->priv)) {
        return true;
    }
    search_above_stacks(&s);
    search_mappings(&s);
    return s.left != 0;
}
