/* jemalloc's options in the made heap: each kind of variable, and where it is not all there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "heap/options.h"
#include "made_heap.h"

#define AT(i) (MADE_MODULE + 0xa000u + 0x200u * (i)) /* of the i-th variable */
#define ABSENT 0x1000u

static struct made *m;

static int start(void **state) {
    (void)state;
    m = made_start(JH_5_3_0);
    made_variables(m);
    return 0;
}

static int end(void **state) {
    (void)state;
    made_end(m);
    return 0;
}

static const struct jt_option *row(const char *key) {
    const struct jt_option *o = jt_option_rows;
    while (o->key != NULL && strcmp(o->key, key) != 0) {
        o++;
    }
    for (o = o->key != NULL ? o : jt_variable_rows; strcmp(o->key, key) != 0;) {
        o++;
    }
    return o;
}

/* A variable of that name, which is the next one. */
static struct jt_variable *variable(const char *name, uint64_t size) {
    struct jt_variable *v = &m->p.source->variable[m->p.source->variables++];
    *v = (struct jt_variable){.addr = AT(m->p.source->variables), .size = size};
    memcpy(v->name, name, strlen(name) + 1);
    return v;
}

static void text(uint64_t at, const char *what) {
    memcpy(made_at(m, at), what, strlen(what) + 1);
}

/* The text, or the number where there is none; what NULL: it is not known. */
static void is(const char *key, const char *what, uint64_t number) {
    struct jt_option_value value;
    assert_int_equal(jt_option_read(&m->target, row(key), &value), what != NULL);
    if (what != NULL) {
        assert_string_equal(value.text, what);
        assert_true(value.number == number);
    }
}

static void numbers(void **state) {
    (void)state;
    is("narenas", NULL, 0); /* no symbol */
    struct jt_variable *v = variable("opt_narenas", 4);
    made_word(m, v->addr, 0xfffffff0);
    is("narenas", "", 0xfffffff0);
    v->size = 16; /* no number is so large */
    is("narenas", NULL, 0);
    v->size = 4;
    v->addr = ABSENT;
    is("narenas", NULL, 0);
    v = variable("opt_dirty_decay_ms", 8);
    made_word(m, v->addr, 0xffffffff);
    made_word(m, v->addr + 4, 0xffffffff);
    is("dirty_decay_ms", "", UINT64_MAX);
    v->size = 4; /* of 32 bits, with a sign */
    is("dirty_decay_ms", "", UINT64_MAX);
    v = variable("opt_retain", 1);
    *made_at(m, v->addr) = 1;
    is("retain", "", 1);
    is("global_var", NULL, 0); /* it is in no variable */
}

static void texts(void **state) {
    (void)state;
    struct jt_variable *v = variable("opt_stats_print_opts", 16);
    text(v->addr, "mdablxe");
    is("stats_print_opts", "mdablxe", 0);
    memset(made_at(m, v->addr), 'x', JT_OPTION_TEXT + 8); /* it does not end */
    is("stats_print_opts", NULL, 0);
    v->addr = MADE_MODULE + sizeof m->module - 8;
    memset(made_at(m, v->addr), 'x', 8); /* it ends where nothing is */
    is("stats_print_opts", NULL, 0);
    v = variable("opt_dss", 4);
    is("dss", NULL, 0); /* a null pointer */
    made_word(m, v->addr, v->addr + 8);
    text(v->addr + 8, "secondary");
    is("dss", "secondary", 0);
    made_word(m, v->addr, ABSENT);
    is("dss", NULL, 0);
    v->addr = ABSENT;
    is("dss", NULL, 0);
}

static void names(void **state) {
    (void)state;
    struct jt_variable *index = variable("opt_thp", 4);
    made_word(m, index->addr, 1);
    is("thp", NULL, 0); /* no symbol of the names */
    struct jt_variable *all = variable("thp_mode_names", 8);
    made_word(m, all->addr + 4, all->addr + 8);
    text(all->addr + 8, "always");
    is("thp", "always", 0);
    made_word(m, index->addr, 0);
    is("thp", NULL, 0); /* a null pointer */
    made_word(m, index->addr, 2);
    is("thp", NULL, 0); /* there are two */
    index->size = 16;
    is("thp", NULL, 0);
    index->size = 4;
    index->addr = ABSENT;
    is("thp", NULL, 0);
}

static void members(void **state) {
    (void)state;
    struct jt_variable *v = variable("opt_hpa_sec_opts", 64);
    made_word(m, v->addr + made_offset(m, "sec_opts_s", "max_alloc"), 32768);
    is("hpa_sec_max_alloc", "", 32768);
    v->addr = ABSENT;
    is("hpa_sec_max_alloc", NULL, 0);
}

/* mallctl's own count of arenas, behind its epoch. */
static void counts(void **state) {
    (void)state;
    struct jt_variable *v = variable("ctl_arenas", 4);
    const struct jt_option *o = jt_variable_rows;
    struct jt_option_value value;
    while (strcmp(o->key, "narenas") != 0) {
        o++;
    }
    assert_false(jt_option_read(&m->target, o, &value)); /* it has none yet */
    made_word(m, v->addr, v->addr + 16);
    made_word(m, v->addr + 24, 9);
    assert_true(jt_option_read(&m->target, o, &value));
    assert_int_equal(value.number, 9);
    made_word(m, v->addr, ABSENT);
    assert_false(jt_option_read(&m->target, o, &value));
    v->addr = ABSENT;
    assert_false(jt_option_read(&m->target, o, &value));
}

static void versions(void **state) {
    (void)state;
    assert_true(jt_option_of(&m->target, row("tcache_max")));
    assert_false(jt_option_of(&m->target, row("lg_tcache_max")));
    assert_false(jt_option_of(&m->target, row("env_var")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers, start, end),
        cmocka_unit_test_setup_teardown(texts, start, end),
        cmocka_unit_test_setup_teardown(names, start, end),
        cmocka_unit_test_setup_teardown(members, start, end),
        cmocka_unit_test_setup_teardown(counts, start, end),
        cmocka_unit_test_setup_teardown(versions, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
