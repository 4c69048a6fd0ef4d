/* threads.c - the threads of a target: their numbers, names, stack pointers and thread pointers, as
 * far as the target tells them. */
#include <dirent.h>
#include <errno.h>
#include <elf.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "image/inside.h"

#define THREADS_MAX 65536 /* a core may have any number of notes */

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

/* The kernel gives all threads the signal that the core was written for; the first is the one that
 * it came to (fs/binfmt_elf.c). So is it in gdb's. */
static bool is_crash(const struct jt_target *target, const uint8_t *note) {
    enum { CURSIG = 12 }; /* in struct elf_prstatus, on every machine */
    static const uint8_t fatal[] = {SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
    uint64_t signal = jt_number_at(target, note + CURSIG, 2);
    bool crash = false;
    for (size_t i = 0; i < sizeof fatal; i++) {
        crash |= signal == fatal[i];
    }
    return target->priv->threads == 0 && crash;
}

void jt_thread_note(struct jt_target *target, const uint8_t *note, size_t size) {
    bool wide = target->priv->words == 8;
    size_t id = wide ? 32 : 24, first = wide ? 112 : 72;
    if (size < first) {
        return;
    }
    struct jt_thread thread = {.id = (int)jt_number_at(target, note + id, 4),
                               .crashed = is_crash(target, note)};
    jt_thread_registers(target, note + first, size - first, &thread);
    if (thread.reg != NULL) {
        (void)add_thread(target, &thread);
    }
}

/* It follows the note of its thread. */
void jt_thread_note_more(struct jt_target *target, uint64_t type, const uint8_t *note,
                         size_t size) {
    const struct jt_private *p = target->priv;
    if (p->threads != 0 && type == jt_thread_form(target)->note) {
        jt_thread_pointer(target, note, size, &p->thread[p->threads - 1]);
    }
}

/* struct prstatus: an int, three sizes and three more ints, the last of which is the thread's
 * number; then the registers in FreeBSD's order (machine/reg.h). */
void jt_thread_note_freebsd(struct jt_target *target, const uint8_t *note, size_t size) {
    const size_t word = target->priv->words, id = 4 * word + 8;
    const size_t stack = id + word + jt_thread_form(target)->freebsd * word;
    if (stack == id + word || stack + word > size) {
        return;
    }
    struct jt_thread thread = {.id = (int)jt_number_at(target, note + id, 4)};
    thread.stack = jt_number_at(target, note + stack, (unsigned)word);
    (void)add_thread(target, &thread);
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

/* "running"; or the system call, its six arguments, the stack pointer and where it goes on; or -1
 * and the last two, of a thread that was stopped outside of one. */
static void take_where(const char *text, struct jt_thread *thread) {
    if (sscanf(text, "-1 %" SCNx64 " %" SCNx64, &thread->stack, &thread->pc) != 2 &&
        sscanf(text, "%*s %*s %*s %*s %*s %*s %*s %" SCNx64 " %" SCNx64, &thread->stack,
               &thread->pc) != 2) {
        thread->stack = thread->pc = 0;
    }
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
        return; /* without threads answers name mappings */
    }
    for (const struct dirent *e = readdir(all); e != NULL; e = readdir(all)) {
        uint64_t id;
        if (!jt_number(e->d_name, &id)) {
            continue;
        }
        struct jt_thread thread = {.id = (int)id};
        (void)read_text(folder, e->d_name, "comm", thread.name, sizeof thread.name);
        if (!target->priv->is_still && /* else its registers say more */
            read_text(folder, e->d_name, "syscall", text, sizeof text) != 0) {
            take_where(text, &thread);
        }
        if (!add_thread(target, &thread)) {
            break;
        }
    }
    closedir(all);
}
