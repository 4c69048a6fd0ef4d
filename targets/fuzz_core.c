/* Target functions: jt_open_bytes on an ELF core without other files: headers, segments, notes,
 * modules by name; jt_mapped, the reader.
 *
 * Relations: the reader gives exactly the bytes that a naive search through the program headers
 * finds (core_naive.c); bytes_present, _absent and _truncated are the sums over these bytes; notes
 * are read as a naive search reads them, and no description is taken that ends behind its segment;
 * sorted segments can be read; a target that cannot be opened has a status and a sentence; no file
 * is opened; memory and the limits of walks are bounded by the input's size; opening twice gives
 * the same.
 *
 * The search for a layout takes a thousand times as long as all this, so only one input in 128 has
 * it; the others are given a root that is not mapped. */
#include "builds.h"
#include "core_naive.h"
#include "ask_heap.h"
#include "count_memory.h"
#include "open/inside.h"

#define WHOLE_ONE_IN 128

/* ---- comparing with the naive reader -------------------------------------------------------- */

static void check_byte(const struct jt_target *t, const struct core_naive *r, const uint8_t *file,
                       uint64_t addr) {
    const struct core_load *l = core_naive_holder(r, addr);
    uint8_t byte = 0;
    enum jh_status status = jh_read(&t->heap.reader, addr, &byte, 1, NULL);
    FUZZ_CHECK(status == (l ? JH_OK : JH_ABSENT));
    FUZZ_CHECK(!l || byte == file[l->offset + (addr - l->start)]);
    FUZZ_CHECK(!l || jt_mapped(t, addr));
}

static int by_number(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool mapped(const struct jt_target *t, const struct core_naive *r, uint64_t addr) {
    const struct jt_private *p = t->priv;
    for (size_t i = 0; i < r->loads; i++) {
        if (addr >= r->load[i].start && addr < r->load[i].end) {
            return true;
        }
    }
    for (size_t i = 0; i < p->mappings; i++) {
        if (addr >= p->mapping[i].start && addr < p->mapping[i].end) {
            return true;
        }
    }
    return false;
}

/* Compares the bytes between all borders of segments, piece by piece. */
static void check_counts(const struct jt_target *t, const struct core_naive *r) {
    uint64_t border[5 * CORE_LOADS_MAX], present = 0, all = 0;
    size_t borders = 0;
    for (const struct core_load *l = r->load; l < r->load + r->loads; l++) {
        border[borders++] = l->start;
        border[borders++] = l->start + l->saved;
        border[borders++] = l->end;
    }
    for (size_t i = 0; i < t->priv->mappings; i++) {
        border[borders++] = t->priv->mapping[i].start;
        border[borders++] = t->priv->mapping[i].end;
    }
    qsort(border, borders, sizeof(border[0]), by_number);
    for (size_t i = 0; i + 1 < borders; i++) {
        uint64_t len = border[i + 1] - border[i];
        present += core_naive_holder(r, border[i]) ? len : 0;
        all += mapped(t, r, border[i]) ? len : 0;
    }
    FUZZ_CHECK(t->bytes_present == present);
    FUZZ_CHECK(t->bytes_absent == all - present);
}

static void check_segments(const struct jt_target *t, const uint8_t *file, size_t size) {
    const struct jt_private *p = t->priv;
    for (size_t i = 0; i < p->segments; i++) {
        const struct jh_segment *s = &p->segment[i];
        uint8_t byte;
        FUZZ_CHECK(s->len && s->bytes >= file && s->len <= size &&
                   (size_t)(s->bytes - file) <= size - s->len);
        FUZZ_CHECK(!i || (s[-1].addr < s->addr && s[-1].len <= s->addr - s[-1].addr));
        FUZZ_CHECK(jh_read(&t->heap.reader, s->addr + s->len - 1, &byte, 1, NULL) == JH_OK &&
                   byte == s->bytes[s->len - 1]);
    }
    for (size_t i = 0; i < p->mapped_count; i++) {
        const struct jt_range *m = &p->mapped[i];
        FUZZ_CHECK(m->start < m->end && (!i || m[-1].end < m->start));
    }
}

static void check_reference(const struct jt_target *t, const uint8_t *file, size_t size) {
    struct core_naive r;
    core_naive_read(&r, file, size);
    if (r.too_many) {
        return;
    }
    FUZZ_CHECK(jt_is_skeleton(t) || t->bytes_truncated == r.truncated);
    FUZZ_CHECK(jt_is_skeleton(t) || t->pid == (r.pid <= INT32_MAX ? (int)r.pid : 0));
    for (size_t i = 0; i <= JT_NOTES; i++) {
        FUZZ_CHECK(t->priv->note[i].bytes == r.own[i].bytes &&
                   t->priv->note[i].size == r.own[i].size);
    }
    for (const struct core_load *l = r.load; l < r.load + r.loads; l++) {
        const uint64_t at[] = {l->start - 1, l->start, l->start + l->saved / 2,
                               l->start + l->saved - 1, l->start + l->saved};
        for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
            check_byte(t, &r, file, at[i]);
        }
    }
    if (t->priv->mappings < CORE_LOADS_MAX) {
        check_counts(t, &r);
    }
}

/* Checks that the limits of walks are bounded by the file's size. */
static void check_budgets(const struct jt_target *t, size_t size) {
    const struct jh_limits *limits = &t->heap.limits;
    uint64_t zeroes = jt_is_skeleton(t) ? t->priv->segments * JT_SKELETON_ZEROES_MAX : 0;
    FUZZ_CHECK(!t->bytes_present || limits->max_node_bytes);
    FUZZ_CHECK(limits->max_node_bytes <= 2 * (size + zeroes));
    FUZZ_CHECK(!jt_is_skeleton(t) || (limits->max_extents && limits->max_extents <= size));
}

/* ---- the target ----------------------------------------------------------------------------- */

static struct jt_elf *no_file(void *arg, const char *name) {
    (void)arg;
    FUZZ_CHECK(name[0]);
    return NULL;
}

static bool same(const struct jt_target *a, const struct jt_target *b) {
    return a->status == b->status && strcmp(a->error, b->error) == 0 &&
           a->warnings == b->warnings && a->modules == b->modules && a->pid == b->pid &&
           a->bytes_present == b->bytes_present && a->bytes_absent == b->bytes_absent &&
           a->heap.rtree_root == b->heap.rtree_root && a->verified == b->verified &&
           strcmp(a->layout_name, b->layout_name) == 0;
}

/* Opens the core with this layout; NULL: with a root that is not mapped, so that no heap is found.
 */
static void check(struct jt_target *t, const struct jh_layout *layout, uint64_t root,
                  const uint8_t *file, size_t size) {
    FUZZ_CHECK((t->status == JT_OK) == (t->error[0] == 0));
    FUZZ_CHECK(t->status != JT_OK || jh_layout_check(&t->layout, NULL) == JH_OK);
    if (!t->heap.reader.read) {
        FUZZ_CHECK(t->status == JT_UNREADABLE && !strstr(t->error, "segments cannot be read"));
        return;
    }
    check_budgets(t, size);
    check_segments(t, file, size);
    check_reference(t, file, size);
    if (layout) {
        fuzz_ask_heap(&t->heap.reader, layout, root);
    }
    if (t->status == JT_OK && layout) {
        fuzz_ask_heap(&t->heap.reader, &t->layout, t->heap.rtree_root);
        (void)jt_is_metadata(t, root);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    const struct jh_layout *layout = fuzz_layout(&in);
    struct jt_target *t, *again;
    char name[128];
    uint8_t flags = fuzz_byte(&in);
    uint64_t root = fuzz_take(&in, 8);
    bool whole = fuzz_one_in(WHOLE_ONE_IN, data, size);
    jt_layout_name(&layout->build, name, sizeof(name));
    struct jt_options options = {.target = "core",
                                 .layout = flags & 1 ? name : NULL,
                                 .root = whole ? root : UINT64_MAX,
                                 .root_given = !whole || flags & 2};
    struct jt_bytes bytes = {in.data, in.size, {no_file, NULL}};
    fuzz_memory_start();
    enum jt_status status = jt_open_bytes(&options, &bytes, &t);
    fuzz_memory_check(in.size);
    FUZZ_CHECK(t && t->status == status && jt_open_bytes(&options, &bytes, &again) == status);
    FUZZ_CHECK(same(t, again));
    check(t, whole ? layout : NULL, root, in.data, in.size);
    jt_close(t);
    jt_close(again);
    return 0;
}
