/* thread_pointer.c - where threads of a process have their thread-local storage.
 *
 * Registers may only be asked for by who traces it, but on x86_64 the C library's data of a thread
 * (struct pthread) begins at the thread pointer, has two pointers to itself, and the thread's
 * number. */
#include <elf.h>

#include "image/inside.h"

enum { SELF = 16, ID = 720 };

#define STACK_MAX (UINT64_C(8) << 20) /* of the stack that the data is above */
#define SMALL (UINT64_C(1) << 20)     /* mappings that are looked at as a whole */
#define END (UINT64_C(64) << 10)      /* of the others, at each end */

static bool all_known(const struct jt_private *p) {
    size_t i = 0;
    while (i < p->threads && p->thread[i].tls != 0) {
        i++;
    }
    return i == p->threads;
}

/* There is a pointer to itself. */
static void take(struct jt_target *target, uint64_t at) {
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

static void look(struct jt_target *target, uint64_t from, uint64_t end) {
    uint64_t word[4096];
    for (from &= ~UINT64_C(7); from < end; from += sizeof word) {
        size_t got = 0, want = end - from < sizeof word ? (size_t)(end - from) : sizeof word;
        (void)target->heap.reader.read(target->heap.reader.arg, from, word, want, &got);
        for (size_t i = 0; i < got / 8; i++) {
            if (word[i] == from + 8 * i) {
                take(target, from + 8 * i);
            }
        }
    }
}

/* The data of all threads but the first is in the same mapping as their stacks, above them. */
static void look_above_stacks(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    for (size_t i = 0; i < p->threads; i++) {
        uint64_t stack = p->thread[i].stack;
        for (size_t k = 0; stack != 0 && k < p->mappings; k++) {
            const struct jt_mapping *m = &p->mapping[k];
            if (m->writable && stack >= m->start && stack < m->end) {
                look(target, stack, m->end - stack < STACK_MAX ? m->end : stack + STACK_MAX);
            }
        }
    }
}

void jt_threads_locate(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    if (target->kind != JT_PROCESS || p->machine != EM_X86_64 || p->words != 8) {
        return;
    }
    look_above_stacks(target);
    for (size_t i = 0; i < p->mappings && !all_known(p); i++) {
        const struct jt_mapping *m = &p->mapping[i];
        bool small = m->end - m->start <= SMALL;
        if (m->writable) {
            look(target, m->start, small ? m->end : m->start + END);
            look(target, small ? m->end : m->end - END, m->end);
        }
    }
}
