/* threads.c - the threads of a target, as far as it tells: their numbers, names, stack pointers,
 * and where their thread-local storage is. */
#include <dirent.h>
#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

#define THREADS_MAX 65536  /* each is a note, or a folder of /proc */
#define CONTROL_BLOCK 4096 /* of the C library, at the thread pointer */

static bool add(struct jt_target *target, const struct jt_thread *thread) {
    struct jt_private *p = target->priv;
    if (p->threads == THREADS_MAX) {
        return false;
    }
    struct jt_thread *grown = jt_grow(p->thread, p->threads, sizeof *grown);
    target->memory_ran_out |= grown == NULL;
    if (grown == NULL) {
        return false;
    }
    p->thread = grown;
    grown[p->threads++] = *thread;
    return true;
}

/* ---- cores ---------------------------------------------------------------------------------- */

/* Where a machine's registers have them, counted in words from the first. */
static const struct registers {
    uint16_t machine;
    uint8_t words, stack, tls; /* tls 0: not among them */
} registers[] = {{EM_X86_64, 8, 19, 21}, {EM_386, 4, 15, 0},  {EM_AARCH64, 8, 31, 0},
                 {EM_ARM, 4, 13, 0},     {EM_S390, 8, 17, 0}, {EM_PPC64, 8, 1, 0},
                 {EM_RISCV, 8, 2, 0}};

void jt_thread_note(struct jt_target *target, const uint8_t *note, size_t size) {
    const struct jt_private *p = target->priv;
    size_t pid = p->words == 8 ? 32 : 24, first = p->words == 8 ? 112 : 72;
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        const struct registers *r = &registers[i];
        size_t last = r->tls > r->stack ? r->tls : r->stack;
        if (r->machine != p->machine || r->words != p->words ||
            first + (last + 1) * p->words > size) {
            continue;
        }
        struct jt_thread thread = {.id = (int)jt_number_at(target, note + pid, 4)};
        thread.stack = jt_number_at(target, note + first + (size_t)r->stack * p->words, p->words);
        if (r->tls != 0) {
            thread.tls = jt_number_at(target, note + first + (size_t)r->tls * p->words, p->words);
        }
        (void)add(target, &thread);
    }
}

/* ---- processes ------------------------------------------------------------------------------ */

/* "running", or the system call, its six arguments, the stack pointer and where it goes on. */
static uint64_t stack_of(const char *text) {
    uint64_t stack = 0;
    return sscanf(text, "%*s %*s %*s %*s %*s %*s %*s %" SCNx64, &stack) == 1 ? stack : 0;
}

static size_t read_text(const char *folder, const char *id, const char *name, char *out,
                        size_t size) {
    char path[128];
    snprintf(path, sizeof path, "%s/%.16s/%s", folder, id, name);
    size_t got = jt_read_file(path, out, size - 1);
    out[got] = 0;
    out[strcspn(out, "\n")] = 0;
    return got;
}

void jt_threads_read(struct jt_target *target) {
    char folder[64], text[256];
    snprintf(folder, sizeof folder, "/proc/%d/task", target->pid);
    errno = 0;
    DIR *all = opendir(folder);
    jt_note_memory(target);
    if (all == NULL) {
        return; /* whoever asks is told of mappings only */
    }
    for (const struct dirent *e = readdir(all); e != NULL; e = readdir(all)) {
        uint64_t id;
        if (!jt_number(e->d_name, &id)) {
            continue;
        }
        struct jt_thread thread = {.id = (int)id};
        (void)read_text(folder, e->d_name, "comm", thread.name, sizeof thread.name);
        if (read_text(folder, e->d_name, "syscall", text, sizeof text) != 0) {
            thread.stack = stack_of(text);
        }
        if (!add(target, &thread)) {
            break;
        }
    }
    closedir(all);
}

/* ---- whose is it ---------------------------------------------------------------------------- */

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

/* In front of the thread pointer: that of all modules, and what aligns it. */
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

/* A process's thread pointer may only be asked for by who traces it, but on x86_64 the C library's
 * data of a thread begins at it, with two pointers to itself, and has the thread's number. */
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

/* Stacks grow down, and those of several threads may lie in one mapping: the one whose pointer is
 * nearest below the address; below all pointers, the one nearest above it. */
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
