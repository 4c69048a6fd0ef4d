/* threads.c - the threads of a target: their numbers, names, stack pointers, and where their
 * thread-local storage is, as far as the target says. */
#include <dirent.h>
#include <errno.h>
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "image/inside.h"

#define THREADS_MAX 65536 /* each is a note, or a folder of /proc */

static bool add_thread(struct jt_target *target, const struct jt_thread *thread) {
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

/* Where these registers are in a note, counted in words from the first register. */
static const struct registers {
    uint16_t machine;
    uint8_t words, stack, tls,
        freebsd; /* tls 0: not among them; freebsd: its stack, 0: not known */
} registers[] = {{EM_X86_64, 8, 19, 21, 20}, {EM_386, 4, 15, 0, 16}, {EM_AARCH64, 8, 31, 0, 31},
                 {EM_ARM, 4, 13, 0, 0},      {EM_S390, 8, 17, 0, 0}, {EM_PPC64, 8, 1, 0, 0},
                 {EM_RISCV, 8, 2, 0, 0}};

static const struct registers *registers_of(const struct jt_private *p) {
    static const struct registers none = {0, 0, 0, 0, 0};
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        if (registers[i].machine == p->machine && registers[i].words == p->words) {
            return &registers[i];
        }
    }
    return &none;
}

/* id, first: offsets of the thread's number and of its first register in the note. */
static void add_noted(struct jt_target *target, const uint8_t *note, size_t size, size_t id,
                      size_t first, unsigned stack, unsigned tls) {
    unsigned word = target->priv->words, last = tls > stack ? tls : stack;
    if (stack == 0 || first + (size_t)(last + 1) * word > size) {
        return;
    }
    struct jt_thread thread = {.id = (int)jt_number_at(target, note + id, 4)};
    thread.stack = jt_number_at(target, note + first + (size_t)stack * word, word);
    if (tls != 0) {
        thread.tls = jt_number_at(target, note + first + (size_t)tls * word, word);
    }
    (void)add_thread(target, &thread);
}

void jt_thread_note(struct jt_target *target, const uint8_t *note, size_t size) {
    const struct registers *r = registers_of(target->priv);
    bool wide = target->priv->words == 8;
    add_noted(target, note, size, wide ? 32 : 24, wide ? 112 : 72, r->stack, r->tls);
}

/* struct prstatus: an int, three sizes and three more ints, the last of which is the thread's
 * number; then the registers in FreeBSD's order (machine/reg.h). */
void jt_thread_note_freebsd(struct jt_target *target, const uint8_t *note, size_t size) {
    size_t word = target->priv->words;
    add_noted(target, note, size, 4 * word + 8, 5 * word + 8, registers_of(target->priv)->freebsd,
              0);
}

/* struct thrmisc follows the registers of its thread, and begins with the thread's name. */
void jt_thread_name_freebsd(struct jt_target *target, const uint8_t *note, size_t size) {
    const struct jt_private *p = target->priv;
    const char *end = memchr(note, 0, size);
    size_t len = end == NULL ? SIZE_MAX : (size_t)(end - (const char *)note);
    if (p->threads != 0 && len < sizeof p->thread->name) {
        memcpy(p->thread[p->threads - 1].name, note, len);
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
        return; /* answers then name mappings, not threads */
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
        if (!add_thread(target, &thread)) {
            break;
        }
    }
    closedir(all);
}
