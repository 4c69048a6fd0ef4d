/* thread_at.c - finds the thread whose stack or thread-local storage an address is in. */
#include <gelf.h>

#include "open/inside.h"

#define CONTROL_BLOCK 4096 /* bytes of the C library's thread data, at the thread pointer */

static uint64_t tls_of(Elf *elf) {
    size_t count = 0;
    uint64_t bytes = 0;
    (void)elf_getphdrnum(elf, &count);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr ph;
        if (gelf_getphdr(elf, (int)i, &ph) != NULL && ph.p_type == PT_TLS) {
            bytes = ph.p_memsz + ph.p_align;
        }
    }
    return bytes;
}

/* Bytes in front of the thread pointer: thread-local storage of all modules, and its alignment. */
static uint64_t tls_bytes(const struct jt_target *target) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < target->modules; i++) {
        bytes += target->module[i].elf == NULL ? 0 : tls_of(target->module[i].elf->elf);
    }
    return bytes;
}

static bool in_tls(uint64_t pointer, uint64_t addr, uint64_t bytes) {
    return pointer != 0 && addr - (pointer - bytes) < bytes + CONTROL_BLOCK;
}

/* Only a tracer may read a process's thread pointer, but on x86_64 the C library's thread data
 * begins at it, with two pointers to itself, and contains the thread's number. */
static uint64_t pointer_near(const struct jt_target *target, uint64_t addr, struct jt_range mapping,
                             uint64_t bytes, int *id) {
    enum { WORDS = 4096, SELF = 2, ID = 720 };
    uint64_t word[WORDS], from = (addr - CONTROL_BLOCK) & ~UINT64_C(7);
    size_t got = 0;
    from = from < mapping.start ? mapping.start : from;
    size_t want = (size_t)(mapping.end - from < sizeof word ? mapping.end - from : sizeof word);
    (void)target->heap.reader.read(target->heap.reader.arg, from, word, want, &got);
    for (size_t i = 0; i + SELF < got / 8; i++) {
        uint64_t at = from + 8 * i, number;
        if (word[i] == at && word[i + SELF] == at && in_tls(at, addr, bytes) &&
            jt_read_number(target, at + ID, 4, &number)) {
            *id = (int)number;
            return at;
        }
    }
    return 0;
}

static const struct jt_thread *thread_in_tls(const struct jt_target *target, uint64_t addr,
                                             struct jt_range mapping, uint64_t bytes) {
    const struct jt_private *p = target->priv;
    int id = 0;
    uint64_t pointer = 0;
    if (target->kind == JT_PROCESS && p->machine == EM_X86_64 && p->words == 8) {
        pointer = pointer_near(target, addr, mapping, bytes, &id);
    }
    for (size_t i = 0; i < p->threads; i++) {
        const struct jt_thread *t = &p->thread[i];
        if (pointer != 0 ? t->id == id : in_tls(t->tls, addr, bytes)) {
            return t;
        }
    }
    return NULL;
}

/* Stacks grow down, and stacks of several threads may lie in one mapping. The nearest is the one
 * whose pointer is nearest below the address; below all pointers, the one nearest above it. */
static bool is_nearer(const struct jt_thread *a, const struct jt_thread *b, uint64_t addr) {
    bool below = a->stack <= addr;
    if (b == NULL || below != (b->stack <= addr)) {
        return b == NULL || below;
    }
    return below ? a->stack > b->stack : a->stack < b->stack;
}

const struct jt_thread *jt_thread_at(const struct jt_target *target, uint64_t addr,
                                     struct jt_range mapping, bool *tls) {
    const struct jt_private *p = target->priv;
    const struct jt_thread *found = thread_in_tls(target, addr, mapping, tls_bytes(target));
    *tls = found != NULL;
    for (size_t i = 0; !*tls && i < p->threads; i++) {
        const struct jt_thread *t = &p->thread[i];
        if (t->stack >= mapping.start && t->stack < mapping.end && is_nearer(t, found, addr)) {
            found = t;
        }
    }
    return found;
}
