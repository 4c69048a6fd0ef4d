/* Skeletons, and processes, when memory runs out: whatever it is that fails, it is said. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "fail_memory.h"
#include "made_heap.h"
#include "open/inside.h"

static char path[64];

/* The second one's tree leads into what the program has, and a lost extent has only its memory to
 * tell that it is not new. */
static struct made *heap(unsigned i) {
    struct made *m = made_start(i == 0 ? JH_5_3_0 : JH_5_2_1);
    made_variables(m);
    m->p.machine = EM_386;
    if (i == 1) {
        uint64_t index = jh_rtree_subkey(&m->target.layout, made_base_of(4), 1);
        made_word(m, MADE_LEAF + index * m->target.layout.leaf_size, made_base_of(2) + 0x400);
        made_lose(m, 10);
    }
    return m;
}

static enum jt_status write_it(struct made *m, unsigned nth, bool *failed) {
    struct jt_skeleton s = {.fault = NULL};
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fail_memory(nth);
    enum jt_status status = jt_skeleton_write(&m->target, file, &s);
    *failed = fail_memory_came();
    fail_memory(0);
    assert_int_equal(fclose(file), 0);
    return status;
}

static void what_is_written(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        bool failed = true;
        for (unsigned nth = 1; failed; nth++) {
            struct made *m = heap(i);
            enum jt_status status = write_it(m, nth, &failed);
            if ((status != JT_OK || m->target.memory_ran_out) != failed) {
                fail_msg("heap %u, allocation %u: %d, status %d: %s", i, nth, failed, (int)status,
                         m->target.error);
            }
            made_end(m);
        }
    }
}

static void what_is_read(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        bool failed;
        struct made *m = heap(i);
        assert_int_equal(write_it(m, 0, &failed), JT_OK);
        made_end(m);
        failed = true;
        for (unsigned nth = 1; failed; nth++) {
            struct jt_options options = {.target = path};
            struct jt_target *t = NULL;
            fail_memory(nth);
            enum jt_status status = jt_open(&options, &t);
            failed = fail_memory_came();
            fail_memory(0);
            if (status != JT_OK &&
                (!failed || status != JT_UNREADABLE)) { /* holes may be unknown */
                fail_msg("heap %u, allocation %u: %d, status %d: %s", i, nth, failed, (int)status,
                         t != NULL ? t->error : "");
            }
            jt_close(t);
        }
    }
}

/* Itself, and another. */
static void processes(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        char text[32];
        bool failed = true;
        snprintf(text, sizeof text, "%d", i == 0 ? (int)getpid() : (int)getppid());
        for (unsigned nth = 1; failed; nth++) {
            struct jt_options options = {.target = text};
            struct jt_target *t = NULL;
            fail_memory(nth);
            enum jt_status status = jt_open(&options, &t);
            failed = fail_memory_came();
            fail_memory(0);
            assert_true(!failed || status == JT_UNREADABLE);
            jt_close(t);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written),
        cmocka_unit_test(what_is_read),
        cmocka_unit_test(processes),
    };
    snprintf(path, sizeof path, "/tmp/jeheap-starved-%d", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return failed != 0;
}
