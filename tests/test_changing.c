/* memory that changes while it is read: what contradicts itself is read again before it is called
 * anything. The reader makes the change when it is asked whether to read again. */
#include "test.h"
#include "spy.h"
#include "mixed_heap.h"

#define A UINT64_C(0x7e1234560000)
#define PAGE UINT64_C(0x1000)

struct changing {
    struct image image;
    struct spy spy;
    void (*change)(struct changing *c);
    unsigned after; /* times that it was read again to no avail */
    unsigned asked;
    bool refuses;
    uint64_t torn_behind;  /* once this element was read alone, its page's state is torn */
    uint64_t extent;       /* that the change is about, at A */
    uint64_t before, last; /* slabs in front of it, and behind */
    uint64_t found[8];     /* what the walk gave */
    size_t extents, faults;
    struct jh_fault fault;
};

static void tear_last(struct changing *c) {
    image_leaf(&c->image, A + 2 * PAGE, &(struct image_leaf){c->extent, 232, 0, false, false});
}

static enum jh_status read_it(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct changing *c = arg;
    struct jh_reader r = spy_read(&c->spy);
    enum jh_status status = r.read(r.arg, addr, dst, len, got);
    if (c->torn_behind && addr == c->torn_behind) {
        tear_last(c);
    }
    return status;
}

static bool retry(void *arg, unsigned times) {
    struct changing *c = arg;
    c->asked++;
    if (c->change && times == c->after) {
        c->change(c);
    }
    return !c->refuses;
}

static uint64_t put(struct changing *c, uint64_t addr, uint64_t pages, bool slab) {
    return image_put(&c->image, &(struct image_extent){addr, pages * PAGE, slab ? 4 : 232,
                                                       slab ? 0 : 1, slab, 0, 0});
}

static void put_leaf(struct changing *c, uint64_t page, uint64_t extent, bool slab) {
    image_leaf(&c->image, page,
               &(struct image_leaf){extent, slab ? 4 : 232, slab ? 0 : 1, slab, false});
}

static void clear_leaf(struct changing *c) {
    image_put8(&c->image, image_leaf_slot(&c->image, A), 0);
}

static void set_addr(struct changing *c, uint64_t addr) {
    image_put8(&c->image, c->extent + 8, addr);
}

static void set_size(struct changing *c, uint64_t size) {
    image_put8(&c->image, c->extent + 16, size);
}

static void start(struct changing *c, void (*change)(struct changing *c), uint64_t pages,
                  bool slab) {
    *c = (struct changing){.change = change};
    image_stock(&c->image, JH_5_3_0);
    c->before = put(c, A - 64 * PAGE, 1, true);
    c->last = put(c, A + 64 * PAGE, 1, true);
    c->extent = put(c, A, pages, slab);
    c->spy.under = c->image.heap.reader;
    c->image.heap.reader = (struct jh_reader){.read = read_it, .retry = retry, .arg = c};
}

static void walk(struct changing *c) {
    static struct jh_walk walk;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    jh_walk_start(&walk, &c->image.heap);
    while ((status = jh_walk_next(&walk, &e, &fault)) != JH_END) {
        if (status == JH_OK) {
            assert_true(c->extents < COUNT(c->found));
            c->found[c->extents++] = e.at;
        } else {
            c->fault = fault;
            c->faults++;
        }
    }
    image_end(&c->image);
}

/* No fault; the two slabs, and between them the extent, or nothing. */
static void gives(struct changing *c, bool extent) {
    walk(c);
    assert_int_equal(c->faults, 0);
    assert_int_equal(c->extents, extent ? 3 : 2);
    assert_int_equal(c->found[0], c->before);
    assert_int_equal(c->found[c->extents - 1], c->last);
    if (extent) {
        assert_int_equal(c->found[1], c->extent);
    }
}

static void one_fault(struct changing *c, enum jh_status status, const char *rule) {
    walk(c);
    assert_int_equal(c->faults, 1);
    assert_int_equal(c->fault.status, status);
    assert_string_equal(c->fault.rule, rule);
}

/* ---- walks ----------------------------------------------------------------------------------- */

#define INNER (A + 3 * PAGE)

static void clear_inner(struct changing *c) {
    image_put8(&c->image, image_leaf_slot(&c->image, INNER), 0);
}

static void shrink_to_inner(struct changing *c) {
    set_size(c, 4 * PAGE);
    image_put8(&c->image, image_leaf_slot(&c->image, A + 8 * PAGE), 0);
}

static void inner_of_another(struct changing *c) {
    put_leaf(c, INNER, c->before, true);
}

static void nothing_of_inner(struct changing *c) {
    image_hole(&c->image, image_leaf_slot(&c->image, INNER), 8);
    c->spy.under = c->image.heap.reader;
    c->image.heap.reader = (struct jh_reader){.read = read_it, .retry = retry, .arg = c};
}

/* A page in the middle has an element of the extent, which is gone, another's, or the last page's
 * when it is looked at again; or stays. */
static void an_element_of_an_inner_page(void **state) {
    (void)state;
    void (*const change[])(struct changing *) = {clear_inner, shrink_to_inner};
    struct changing c;
    for (size_t i = 0; i < COUNT(change); i++) {
        start(&c, change[i], 9, false);
        put_leaf(&c, INNER, c.extent, false);
        gives(&c, true);
        assert_true(c.asked > 0);
    }
    start(&c, NULL, 9, false);
    put_leaf(&c, INNER, c.extent, false);
    one_fault(&c, JH_CORRUPT, "leaf.inner-page");
    start(&c, inner_of_another, 9, false);
    put_leaf(&c, INNER, c.extent, false);
    walk(&c);
    assert_int_equal(c.extents, 3);
    start(&c, nothing_of_inner, 9, false);
    put_leaf(&c, INNER, c.extent, false);
    walk(&c);
    assert_int_equal(c.extents, 3);
}

/* Registered over what was left behind, and left behind under what was registered: nothing to read
 * again. What contradicts without end is said, and the extent given all the same. */
static void what_is_left_behind_is_not_read_again(void **state) {
    (void)state;
    struct changing c;
    start(&c, NULL, 3, false);
    image_put(&c.image, &(struct image_extent){A - 4 * PAGE, 9 * PAGE, 232, 0, false, 0, 0});
    walk(&c);
    assert_int_equal(c.faults, 0);
    assert_int_equal(c.extents, 4);
    assert_int_equal(c.asked, 0);
    start(&c, NULL, 9, false);
    image_put(&c.image, &(struct image_extent){A + 3 * PAGE, PAGE, 232, 0, false, 0, 0});
    gives(&c, true);
    assert_int_equal(c.asked, 0);
    start(&c, NULL, 1, true);
    image_leaf(&c.image, A, &(struct image_leaf){c.extent, 5, 0, true, false});
    walk(&c);
    assert_int_equal(c.extents, 3);
    assert_int_equal(c.faults, 1);
}

static void lose_the_extent(struct changing *c) {
    c->spy.fail_addr = c->extent;
    c->spy.fail_len = 24;
    c->spy.fail = JH_READ_FAILED;
}

/* The same behind an element of another extent: it is no part of what was seen with the first. */
static void an_inner_page_behind_another(void **state) {
    (void)state;
    struct changing c;
    start(&c, clear_inner, 9, false);
    put_leaf(&c, INNER, c.extent, false);
    put_leaf(&c, A + PAGE, c.last, false);
    c.after = 64; /* that one is asked about before */
    walk(&c);
    assert_int_equal(c.faults, 2);
    void (*const change[])(struct changing *) = {clear_inner, shrink_to_inner, lose_the_extent};
    for (size_t i = 0; i < COUNT(change); i++) {
        start(&c, change[i], 9, false);
        put_leaf(&c, INNER, c.extent, false);
        image_leaf(&c.image, A + PAGE, &(struct image_leaf){c.last, 232, 0, false, false});
        gives(&c, true); /* left behind: nobody asks about that one */
        assert_int_equal(c.asked, 1);
    }
}

static void mend_size(struct changing *c) {
    set_size(c, PAGE);
}

static void a_torn_extent(void **state) {
    (void)state;
    for (unsigned after = 0; after < 6; after += 5) {
        struct changing c;
        start(&c, mend_size, 1, true);
        c.after = after;
        set_size(&c, 7 * PAGE);
        gives(&c, true);
        assert_int_equal(c.asked, after + 1);
    }
}

static void mend_leaf(struct changing *c) {
    put_leaf(c, A, c->extent, true);
}

static void a_leaf_of_another_extent(void **state) {
    (void)state;
    struct changing c;
    start(&c, mend_leaf, 1, true);
    put_leaf(&c, A, c.last, true);
    gives(&c, true);
}

static void a_leaf_of_another_size_class(void **state) {
    (void)state;
    struct changing c;
    start(&c, mend_leaf, 1, true);
    image_leaf(&c.image, A, &(struct image_leaf){c.extent, 5, 0, true, false});
    gives(&c, true);
}

static void an_extent_that_is_gone(void **state) {
    (void)state;
    struct changing c;
    start(&c, clear_leaf, 1, true);
    set_size(&c, 7 * PAGE);
    gives(&c, false);
}

static void begin_later(struct changing *c) {
    clear_leaf(c);
    set_addr(c, A + PAGE);
}

/* The other elements that name it are looked at again. */
static void an_extent_that_begins_later(void **state) {
    (void)state;
    struct changing c;
    start(&c, begin_later, 1, true);
    put_leaf(&c, A + PAGE, c.extent, true);
    set_addr(&c, A + 9 * PAGE);
    gives(&c, true);
}

/* Two were one when that was given: the second one's pages are given already. */
static void the_one_in_front_has_shrunk(void **state) {
    (void)state;
    struct changing c;
    start(&c, mend_size, 4, false);
    put(&c, A + PAGE, 3, false);
    gives(&c, true);
}

static void merge(struct changing *c) {
    set_size(c, 3 * PAGE);
    put_leaf(c, A + 2 * PAGE, c->extent, false);
}

/* Two became one, of which the first half is given already. */
static void the_one_in_front_has_grown(void **state) {
    (void)state;
    struct changing c;
    start(&c, merge, 1, false);
    put_leaf(&c, A + 2 * PAGE, c.last, false);
    gives(&c, true);
}

static void first_page(struct changing *c) {
    put_leaf(c, A, c->extent, false);
}

/* It was made when its first page had been looked at, and its last had not. */
static void a_first_page_that_came_later(void **state) {
    (void)state;
    struct changing c;
    start(&c, first_page, 3, false);
    clear_leaf(&c);
    gives(&c, true);
}

static void mend_last(struct changing *c) {
    put_leaf(c, A + 2 * PAGE, c->extent, false);
    c->torn_behind = image_leaf_slot(&c->image, A + 2 * PAGE);
}

/* The next change comes as soon as the last page's element was seen to agree. */
static void what_was_seen_to_agree_is_not_looked_at_again(void **state) {
    (void)state;
    struct changing c;
    start(&c, mend_last, 3, false);
    tear_last(&c);
    gives(&c, true);
    assert_int_equal(c.asked, 1);
}

static void what_stays_is_said(void **state) {
    (void)state;
    struct changing c;
    start(&c, NULL, 1, true);
    set_size(&c, 7 * PAGE);
    one_fault(&c, JH_CORRUPT, "extent.slab-size");
    assert_int_equal(c.extents, 2);
    assert_in_range(c.asked, 1, 1000);
    start(&c, NULL, 3, false);
    clear_leaf(&c);
    one_fault(&c, JH_CORRUPT, "leaf.first-page-missing");
    start(&c, NULL, 4, false);
    put(&c, A + PAGE, 3, false);
    one_fault(&c, JH_CORRUPT, "extent.overlap");
    assert_int_equal(c.extents, 4);
    start(&c, lose_the_extent, 4, false); /* has it shrunk? That cannot be told any more */
    put(&c, A + PAGE, 3, false);
    one_fault(&c, JH_CORRUPT, "extent.overlap");
    assert_int_equal(c.extents, 4);
}

/* What its element says does not excuse an extent that says that it is handed out. */
static void the_element_alone_looks_left_behind(void **state) {
    (void)state;
    struct changing c;
    start(&c, NULL, 4, false);
    uint64_t inside =
        image_extent(&c.image, &(struct image_extent){A + PAGE, 5 * PAGE, 36, 0, false, 0, 0});
    image_leaf(&c.image, A + PAGE, &(struct image_leaf){inside, 232, 0, false, false});
    walk(&c);
    assert_int_equal(c.extents, 4);
    assert_int_equal(c.faults, 2);
    assert_string_equal(c.fault.rule, "leaf.szind");
    assert_true(c.asked > 0);
}

/* Once, and nothing is asked again when the extent itself is given. */
static void a_leaf_that_stays_wrong(void **state) {
    (void)state;
    struct changing c;
    start(&c, NULL, 1, true);
    c.refuses = true;
    image_leaf(&c.image, A, &(struct image_leaf){c.extent, 5, 0, true, false});
    one_fault(&c, JH_CORRUPT, "leaf.szind");
    assert_int_equal(c.extents, 3);
    assert_int_equal(c.asked, 1);
}

static void lose_the_leaf(struct changing *c) {
    c->spy.fail_addr = image_leaf_slot(&c->image, A);
    c->spy.fail_len = 8;
    c->spy.fail = JH_READ_FAILED;
}

static void what_cannot_be_read_again(void **state) {
    (void)state;
    struct changing c;
    start(&c, lose_the_leaf, 1, true);
    set_size(&c, 7 * PAGE);
    one_fault(&c, JH_CORRUPT, "extent.slab-size");
    start(&c, lose_the_extent, 1, true);
    set_size(&c, 7 * PAGE);
    one_fault(&c, JH_READ_FAILED, "reader.failed");
    assert_int_equal(c.extents, 1);
}

/* Elements that jemalloc has left behind contradict by right. */
static void left_behind(void **state) {
    (void)state;
    struct changing c;
    start(&c, NULL, 1, true);
    image_leaf(&c.image, A + PAGE, &(struct image_leaf){c.last, 232, 0, false, false});
    put(&c, A + 2 * PAGE, 4, false);
    uint64_t inside =
        image_extent(&c.image, &(struct image_extent){A + 3 * PAGE, PAGE, 232, 1, false, 0, 0});
    image_leaf(&c.image, A + 3 * PAGE, &(struct image_leaf){inside, 232, 0, false, false});
    walk(&c);
    assert_int_equal(c.faults, 0);
    assert_int_equal(c.extents, 4);
    assert_int_equal(c.asked, 0);
}

/* ---- lookups --------------------------------------------------------------------------------- */

static void lookups(void **state) {
    (void)state;
    enum jh_status (*const look[])(const struct jh_heap *, uint64_t, struct jh_extent *,
                                   struct jh_fault *) = {jh_lookup, jh_after, jh_before};
    const uint64_t from[] = {A, A - PAGE, A + PAGE};
    for (unsigned i = 0; i < COUNT(look); i++) {
        struct changing c;
        struct jh_extent e;
        struct jh_fault fault;
        start(&c, mend_size, 1, true);
        c.after = 2;
        set_size(&c, 7 * PAGE);
        assert_int_equal(look[i](&c.image.heap, from[i], &e, &fault), JH_OK);
        assert_int_equal(e.at, c.extent);
        assert_int_equal(c.asked, 3);
        c.change = NULL;
        set_size(&c, 7 * PAGE);
        assert_int_equal(look[i](&c.image.heap, from[i], &e, &fault), JH_CORRUPT);
        assert_string_equal(fault.rule, "extent.slab-size");
        assert_in_range(c.asked, 4, 1000);
        image_end(&c.image);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_element_of_an_inner_page),
        cmocka_unit_test(an_inner_page_behind_another),
        cmocka_unit_test(what_is_left_behind_is_not_read_again),
        cmocka_unit_test(a_torn_extent),
        cmocka_unit_test(a_leaf_of_another_extent),
        cmocka_unit_test(a_leaf_of_another_size_class),
        cmocka_unit_test(an_extent_that_is_gone),
        cmocka_unit_test(an_extent_that_begins_later),
        cmocka_unit_test(the_one_in_front_has_shrunk),
        cmocka_unit_test(the_one_in_front_has_grown),
        cmocka_unit_test(a_first_page_that_came_later),
        cmocka_unit_test(what_was_seen_to_agree_is_not_looked_at_again),
        cmocka_unit_test(what_stays_is_said),
        cmocka_unit_test(the_element_alone_looks_left_behind),
        cmocka_unit_test(a_leaf_that_stays_wrong),
        cmocka_unit_test(what_cannot_be_read_again),
        cmocka_unit_test(left_behind),
        cmocka_unit_test(lookups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
