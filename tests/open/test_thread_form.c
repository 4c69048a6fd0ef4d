/* Where a thread's pointer and storage are, for each machine: cores of either width and byte order,
 * with the notes that its kernel writes, and with the C library's data of threads in memory. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core_file.h"
#include "open/inside.h"

#ifndef NT_386_TLS
#define NT_386_TLS 0x200
#endif
#ifndef NT_ARM_TLS
#define NT_ARM_TLS 0x401
#endif

static char path[64];
static struct core_file core;

/* Offsets in bytes. */
static const struct machine {
    uint16_t machine;
    uint8_t words;
    bool little_endian;
    size_t id, registers, size; /* of struct elf_prstatus */
    size_t stack, tls;          /* from the first register; tls 0: not there */
    uint32_t note;
    size_t selector;     /* which entry of the note it is; 0: the note begins with it */
    size_t self, number; /* in the C library's data; 0: that is not found in memory */
    bool behind;
} machines[] = {{EM_X86_64, 8, true, 32, 112, 336, 152, 168, 0, 0, 16, 720, false},
                {EM_386, 4, true, 24, 72, 144, 60, 0, NT_386_TLS, 40, 8, 104, false},
                {EM_AARCH64, 8, true, 32, 112, 392, 248, 0, NT_ARM_TLS, 0, 0, 0, true},
                {EM_S390, 8, false, 32, 112, 336, 136, 144, 0, 0, 16, 208, false}};
enum { MACHINES = sizeof machines / sizeof machines[0] };

static const struct machine *now;

static void start(const struct machine *m) {
    static const char text[] = "some bytes of the target";
    now = m;
    core_start(&core, m->machine, m->words, m->little_endian);
    core_load(&core, 0x10000, text, sizeof text);
}

static struct jt_target *opened(void) {
    struct jt_target *target;
    const struct jt_options options = {.target = path};
    core_save(&core, path);
    assert_int_not_equal(jt_open(&options, &target), JT_OK); /* it has no heap */
    assert_non_null(target);
    return target;
}

/* ---- in notes -------------------------------------------------------------------------------- */

enum { ENTRY = 12 };

static void add_thread(uint32_t id, uint64_t stack, uint64_t tls) {
    uint8_t note[400] = {0};
    core_put(&core, note + now->id, id, 4);
    core_put(&core, note + now->registers + now->stack, stack, now->words);
    if (now->tls != 0) {
        core_put(&core, note + now->registers + now->tls, tls, now->words);
    }
    if (now->selector != 0) {
        core_put(&core, note + now->registers + now->selector, ENTRY << 3 | 3, 4);
    }
    core_note(&core, NT_PRSTATUS, note, now->size);
}

/* The kernel's note: of Arm one or two pointers, of i386 those descriptors that are in use. */
static void add_pointer(uint64_t tls) {
    uint8_t note[48] = {0};
    if (now->selector == 0) {
        core_put(&core, note, tls, now->words);
        core_note_of(&core, "LINUX", now->note, note, 16);
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        core_put(&core, note + 16 * i, ENTRY + 1 - i, 4);
        core_put(&core, note + 16 * i + 4, i == 1 ? tls : 0x4444, 4);
    }
    core_note_of(&core, "LINUX", now->note, note, sizeof note);
}

static void pointers_in_notes(void **state) {
    (void)state;
    for (size_t i = 0; i < MACHINES; i++) {
        start(&machines[i]);
        if (now->note != 0) {
            add_pointer(0x5555); /* of no thread */
        }
        for (unsigned k = 0; k < 2; k++) {
            add_thread(7 + k, 0x7fff0000, 0x70001000 + 0x123450 * k);
            core_note_of(&core, "OTHER", now->note, "of somebody else", 16);
            core_note_of(&core, "LINUX", 0x202, "something else, of this thread", 31);
            if (now->note != 0) {
                add_pointer(0x70001000 + 0x123450 * k);
            }
        }
        struct jt_target *target = opened();
        assert_int_equal(target->priv->threads, 2);
        for (unsigned k = 0; k < 2; k++) {
            assert_int_equal(target->priv->thread[k].id, 7 + k);
            assert_int_equal(target->priv->thread[k].stack, 0x7fff0000);
            assert_int_equal(target->priv->thread[k].tls, 0x70001000 + 0x123450 * k);
        }
        jt_close(target);
    }
}

/* A note that is cut off, or has no such entry, tells nothing. */
static void notes_that_say_less(void **state) {
    (void)state;
    for (size_t i = 1; i < 3; i++) {
        for (size_t size = 0; size <= 20; size += 4) {
            uint8_t note[20] = {1, 1, 1, 1, 1, 1, 1, 1};
            start(&machines[i]);
            add_thread(7, 0x7fff0000, 0);
            core_note_of(&core, "LINUX", now->note, note, size);
            struct jt_target *target = opened();
            bool first = now->selector == 0 && size >= 8; /* no entry has that number */
            assert_int_equal(target->priv->thread[0].tls, first ? 0x0101010101010101 : 0);
            jt_close(target);
        }
    }
}

/* FreeBSD's threads have no registers here, so nothing tells which descriptor it is. */
static void a_note_of_a_thread_without_registers(void **state) {
    uint8_t note[104] = {0};
    (void)state;
    start(&machines[1]);
    core_note_of(&core, "FreeBSD", 1, note, sizeof note);
    add_pointer(0x70001000);
    struct jt_target *target = opened();
    assert_int_equal(target->priv->threads, 1);
    assert_int_equal(target->priv->thread[0].tls, 0);
    jt_close(target);
}

/* ---- in memory ------------------------------------------------------------------------------- */

#define STACK 0x20000000u /* with the data of the second thread above it */
#define SMALL 0x30000000u /* with that of the first */
#define LARGE 0x40000000u
enum { STACK_SIZE = 0x300000, LARGE_SIZE = 0x200000 };

static uint8_t stack[STACK_SIZE], small[0x2000], large[LARGE_SIZE];

/* As struct pthread begins, at the thread pointer. */
static void put_data(uint8_t *bytes, uint64_t at, uint32_t offset, uint32_t id) {
    core_put(&core, bytes + offset, at + offset, now->words);
    core_put(&core, bytes + offset + now->self, at + offset, now->words);
    core_put(&core, bytes + offset + now->number, id, 4);
}

/* Without what the notes tell, as in a debugger's core of i386. */
static void start_memory(const struct machine *m) {
    start(m);
    memset(stack, 0, sizeof stack);
    memset(small, 0, sizeof small);
    memset(large, 0, sizeof large);
    core_load(&core, STACK, stack, sizeof stack);
    core_load(&core, SMALL, small, sizeof small);
    core_load(&core, LARGE, large, sizeof large);
    add_thread(7, 0, 0);
    add_thread(8, STACK + 0x100000, 0);
}

static void located(uint64_t first, uint64_t second) {
    struct jt_target *target = opened();
    assert_int_equal(target->priv->thread[0].tls, 0);
    assert_true(jt_threads_locate(target));
    assert_int_equal(target->priv->thread[0].tls, first);
    assert_int_equal(target->priv->thread[1].tls, second);
    assert_true(jt_threads_locate(target));
    jt_close(target);
}

static void pointers_in_memory(void **state) {
    (void)state;
    for (size_t i = 0; i < MACHINES; i++) {
        bool found = machines[i].self != 0;
        start_memory(&machines[i]);
        put_data(small, SMALL, 0x1340, 7);
        put_data(small, SMALL, 0x1980, 7);   /* the first one counts */
        put_data(stack, STACK, 0x280000, 8); /* in the middle of a large segment */
        put_data(small, SMALL, 0x40, 9);     /* no thread has that number */
        located(found ? SMALL + 0x1340 : 0, found ? STACK + 0x280000 : 0);
        start_memory(&machines[i]);
        put_data(large, LARGE, LARGE_SIZE - 0x1000, 7);
        put_data(large, LARGE, 0x1000, 8);
        located(found ? LARGE + LARGE_SIZE - 0x1000 : 0, found ? LARGE + 0x1000 : 0);
    }
}

/* What looks like it and is not: the second pointer leads elsewhere, or the number is cut off. */
static void alike(void **state) {
    (void)state;
    for (size_t i = 0; i < MACHINES; i++) {
        if (machines[i].self == 0) {
            continue;
        }
        start_memory(&machines[i]);
        put_data(small, SMALL, 0x1340, 7);
        core_put(&core, small + 0x1340 + now->self, SMALL, now->words);
        put_data(stack, STACK, 0x280000, 8);
        put_data(large, LARGE, LARGE_SIZE - 0x20, 7);
        core_put(&core, large, LARGE, now->words); /* alone */
        core_put(&core, small + sizeof small - now->words, SMALL + sizeof small - now->words,
                 now->words); /* and at the end */
        located(0, STACK + 0x280000);
    }
}

static void no_pointer(void **state) {
    (void)state;
    for (size_t i = 0; i < MACHINES; i++) {
        int id = 0;
        start_memory(&machines[i]);
        put_data(small, SMALL, 0x1340, 7);
        struct jt_target *target = opened();
        assert_false(jt_thread_pointer_at(target, SMALL, &id));  /* leads elsewhere */
        assert_false(jt_thread_pointer_at(target, 0x1000, &id)); /* absent */
        assert_int_equal(id, 0);
        assert_int_equal(jt_thread_pointer_at(target, SMALL + 0x1340, &id), machines[i].self != 0);
        assert_int_equal(id, machines[i].self != 0 ? 7 : 0);
        jt_close(target);
    }
}

/* Bytes that nobody has are searched, and however many threads there are, that ends. */
static enum jh_status nothing(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    (void)arg, (void)addr, (void)dst, (void)len;
    *got = 0;
    return JH_ABSENT;
}

static void a_limit(void **state) {
    enum { MANY = 300 };
    static struct jt_thread thread[MANY];
    struct jh_segment segment = {STACK, stack, UINT64_C(16) << 20};
    struct jt_private p = {.thread = thread, .threads = MANY, .segment = &segment, .segments = 1};
    struct jt_target target = {.kind = JT_CORE, .priv = &p};
    (void)state;
    p.machine = EM_386;
    p.words = 4;
    p.little_endian = true;
    target.heap.reader = (struct jh_reader){.read = nothing};
    for (unsigned i = 0; i < MANY; i++) {
        thread[i] = (struct jt_thread){.id = 1, .stack = STACK};
    }
    assert_false(jt_threads_locate(&target));
    p.threads = 20;
    assert_true(jt_threads_locate(&target));
}

/* ---- storage --------------------------------------------------------------------------------- */

static void storage(void **state) {
    (void)state;
    for (size_t i = 0; i < MACHINES; i++) {
        struct jt_thread thread = {.id = 7, .tls = 0x50000};
        struct jt_private p = {.thread = &thread, .threads = 1};
        struct jt_target target = {.kind = JT_CORE, .priv = &p};
        const struct jt_range mapping = {0x10000, 0x90000};
        bool tls;
        target.heap.reader = (struct jh_reader){.read = nothing};
        p.machine = machines[i].machine;
        p.words = machines[i].words;
        struct jt_range r = jt_thread_storage(&target, 0x50000, 0x8000, 0x1000);
        assert_int_equal(r.start, machines[i].behind ? 0x4f000 : 0x48000);
        assert_int_equal(r.end, machines[i].behind ? 0x58010 : 0x51000);
        /* the modules have none: what is left is the C library's data, and two words of Arm */
        assert_ptr_equal(
            jt_thread_at(&target, machines[i].behind ? 0x4f000 : 0x50fff, mapping, &tls), &thread);
        assert_true(tls);
        (void)jt_thread_at(&target, machines[i].behind ? 0x50010 : 0x4ffff, mapping, &tls);
        assert_false(tls);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pointers_in_notes),
        cmocka_unit_test(notes_that_say_less),
        cmocka_unit_test(a_note_of_a_thread_without_registers),
        cmocka_unit_test(pointers_in_memory),
        cmocka_unit_test(alike),
        cmocka_unit_test(no_pointer),
        cmocka_unit_test(a_limit),
        cmocka_unit_test(storage),
    };
    snprintf(path, sizeof path, "/tmp/jeheap-threads.%d", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed != 0;
}
