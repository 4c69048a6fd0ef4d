/* thread_at.c - finds the thread whose stack or thread-local storage an address is in. */
#include <gelf.h>

#include "open/inside.h"

#define DATA 4096 /* bytes of the C library's data of a thread, which is at its thread pointer */

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

/* Bytes of the thread-local storage of all modules, with its alignment. */
static uint64_t tls_bytes(const struct jt_target *target) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < target->modules; i++) {
        bytes += target->module[i].elf == NULL ? 0 : tls_of(target->module[i].elf->elf);
    }
    return bytes;
}

static bool in_tls(const struct jt_target *target, uint64_t pointer, uint64_t addr,
                   uint64_t bytes) {
    const struct jt_range r = jt_thread_storage(target, pointer, bytes, DATA);
    return pointer != 0 && addr - r.start < r.end - r.start;
}

/* Only a tracer may read a process's thread pointer, but memory may say where it is
 * (thread_pointer.c). 0: none is near. */
static uint64_t pointer_near(const struct jt_target *target, uint64_t addr, struct jt_range mapping,
                             uint64_t bytes, int *id) {
    uint8_t words[32768];
    const unsigned word = target->priv->words;
    uint64_t from = (addr - DATA) & ~(uint64_t)(word - 1);
    size_t got = 0;
    from = from < mapping.start ? mapping.start : from;
    size_t want = (size_t)(mapping.end - from < sizeof words ? mapping.end - from : sizeof words);
    (void)target->heap.reader.read(target->heap.reader.arg, from, words, want, &got);
    for (size_t i = 0; i + word <= got; i += word) {
        uint64_t at = from + i;
        if (jt_number_at(target, words + i, word) == at && in_tls(target, at, addr, bytes) &&
            jt_thread_pointer_at(target, at, id)) {
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
    if (target->kind == JT_PROCESS || jt_thread_form(target)->tls == 0) {
        pointer = pointer_near(target, addr, mapping, bytes, &id);
    }
    for (size_t i = 0; i < p->threads; i++) {
        const struct jt_thread *t = &p->thread[i];
        if (pointer != 0 ? t->id == id : in_tls(target, t->tls, addr, bytes)) {
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
