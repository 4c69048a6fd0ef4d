/* thread_form.c - what is known of the threads of each machine: which registers a note has, where
 * the thread pointer is, and where thread-local storage and the C library's data of a thread lie
 * from it.
 *
 * Registers are in the order of struct elf_prstatus; the notes are those of the kernel's
 * user_regset (arch/.../ptrace.c); the storage is as the ABI has it ("ELF Handling For Thread-Local
 * Storage"); the data is glibc's struct pthread. */
#include <elf.h>
#include <string.h>

#include "image/inside.h"

#ifndef NT_386_TLS
#define NT_386_TLS 0x200
#endif
#ifndef NT_ARM_TLS
#define NT_ARM_TLS 0x401
#endif

static const struct jt_thread_form forms[] = {
    {EM_X86_64, 8, 27, .pc = 16, .stack = 19, .tls = 21, .freebsd = 20, .self = 16, .id = 720},
    {EM_386, 4, 17, .pc = 12, .stack = 15, .freebsd = 16, .note = NT_386_TLS, .selector = 10,
     .self = 8, .id = 104},
    {EM_AARCH64, 8, 34, .pc = 32, .stack = 31, .freebsd = 31, .note = NT_ARM_TLS, .behind = true},
    {EM_ARM, 4, 18, .pc = 15, .stack = 13},
    {EM_S390, 8, 27, .pc = 1, .stack = 17, .tls = 18, .self = 16, .id = 208},
    {EM_PPC64, 8, 48, .pc = 32, .stack = 1},
    {EM_RISCV, 8, 32, .pc = 0, .stack = 2}};

const struct jt_thread_form *jt_thread_form(const struct jt_target *target) {
    static const struct jt_thread_form none = {.machine = EM_NONE};
    const struct jt_private *p = target->priv;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (forms[i].machine == p->machine && forms[i].words == p->words) {
            return &forms[i];
        }
    }
    return &none;
}

void jt_thread_registers(const struct jt_target *target, const uint8_t *bytes, size_t size,
                         struct jt_thread *out) {
    const struct jt_thread_form *form = jt_thread_form(target);
    const unsigned word = target->priv->words;
    if (form->count == 0 || size < (size_t)form->count * word) {
        return;
    }
    out->reg = bytes;
    out->regs = form->count;
    out->pc = jt_number_at(target, bytes + (size_t)form->pc * word, word);
    out->stack = jt_number_at(target, bytes + (size_t)form->stack * word, word);
    if (form->tls != 0) {
        out->tls = jt_number_at(target, bytes + (size_t)form->tls * word, word);
    }
}

/* struct user_desc: the number of an entry of the descriptor table, its base, its limit and bits.
 * The upper bits of a selector are the number of its entry. */
static uint64_t base_of(const struct jt_target *target, uint64_t selector, const uint8_t *bytes,
                        size_t size) {
    enum { BASE = 4, BYTES = 16 };
    for (; size >= BYTES; bytes += BYTES, size -= BYTES) {
        if (jt_number_at(target, bytes, 4) == selector >> 3) {
            return jt_number_at(target, bytes + BASE, 4);
        }
    }
    return 0;
}

void jt_thread_pointer(const struct jt_target *target, const uint8_t *bytes, size_t size,
                       struct jt_thread *thread) {
    const struct jt_thread_form *form = jt_thread_form(target);
    const unsigned word = target->priv->words;
    if (form->selector == 0 && size >= word) {
        thread->tls = jt_number_at(target, bytes, word);
    }
    if (form->selector != 0 && thread->reg != NULL) {
        const uint8_t *reg = thread->reg + (size_t)form->selector * word;
        thread->tls = base_of(target, jt_number_at(target, reg, word), bytes, size);
    }
}

struct jt_range jt_thread_storage(const struct jt_target *target, uint64_t pointer, uint64_t bytes,
                                  uint64_t data) {
    enum { HEAD = 16 }; /* two words at the thread pointer, where storage is behind it */
    if (jt_thread_form(target)->behind) {
        return (struct jt_range){pointer - data, pointer + HEAD + bytes};
    }
    return (struct jt_range){pointer - bytes, pointer + data};
}

bool jt_thread_pointer_at(const struct jt_target *target, uint64_t at, int *id) {
    const struct jt_thread_form *form = jt_thread_form(target);
    uint64_t self, again, number;
    if (form->self == 0 || !jt_read_word(target, at, &self) || self != at ||
        !jt_read_word(target, at + form->self, &again) || again != at ||
        !jt_read_number(target, at + form->id, 4, &number)) {
        return false;
    }
    *id = (int)number;
    return true;
}
