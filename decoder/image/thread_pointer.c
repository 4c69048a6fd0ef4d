/* thread_pointer.c - finds the thread pointers of a process, where thread-local storage is.
 *
 * Only a tracer may read registers. But on x86_64 the C library's data of a thread (struct pthread)
 * begins at the thread pointer, and has two pointers to itself and the thread's number, by which it
 * is found in memory. */
#include <elf.h>

#include "image/inside.h"

enum { SELF = 16, ID = 720 };

#define STACK_MAX (UINT64_C(8) << 20) /* bytes to search above a stack pointer */
#define SMALL (UINT64_C(1) << 20)     /* a mapping of at most this size is searched as a whole */
#define END (UINT64_C(64) << 10)      /* bytes to search at each end of a larger mapping */

static bool all_known(const struct jt_private *p) {
    size_t i = 0;
    while (i < p->threads && p->thread[i].tls != 0) {
        i++;
    }
    return i == p->threads;
}

/* Takes the thread pointer at, where memory points to itself, if all else fits struct pthread. */
static void take_pointer(struct jt_target *target, uint64_t at) {
    struct jt_private *p = target->priv;
    uint64_t self, id;
    if (!jt_read_word(target, at + SELF, &self) || self != at ||
        !jt_read_number(target, at + ID, 4, &id)) {
        return;
    }
    for (size_t i = 0; i < p->threads; i++) {
        if ((uint64_t)p->thread[i].id == id && p->thread[i].tls == 0) {
            p->thread[i].tls = at;
        }
    }
}

static void search(struct jt_target *target, uint64_t from, uint64_t end) {
    uint64_t word[4096];
    for (from &= ~UINT64_C(7); from < end; from += sizeof word) {
        size_t got = 0, want = end - from < sizeof word ? (size_t)(end - from) : sizeof word;
        (void)target->heap.reader.read(target->heap.reader.arg, from, word, want, &got);
        for (size_t i = 0; i < got / 8; i++) {
            if (word[i] == from + 8 * i) {
                take_pointer(target, from + 8 * i);
            }
        }
    }
}

/* Searches above the stack pointers: the data of all threads but the first lies above their stacks,
 * in the same mapping. */
static void search_above_stacks(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    for (size_t i = 0; i < p->threads; i++) {
        uint64_t stack = p->thread[i].stack;
        for (size_t k = 0; stack != 0 && k < p->mappings; k++) {
            const struct jt_mapping *m = &p->mapping[k];
            if (m->writable && stack >= m->start && stack < m->end) {
                search(target, stack, m->end - stack < STACK_MAX ? m->end : stack + STACK_MAX);
            }
        }
    }
}

void jt_threads_locate(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    if (target->kind != JT_PROCESS || p->machine != EM_X86_64 || p->words != 8) {
        return;
    }
    search_above_stacks(target);
    for (size_t i = 0; i < p->mappings && !all_known(p); i++) {
        const struct jt_mapping *m = &p->mapping[i];
        bool small = m->end - m->start <= SMALL;
        if (m->writable) {
            search(target, m->start, small ? m->end : m->start + END);
            search(target, small ? m->end : m->end - END, m->end);
        }
    }
}
