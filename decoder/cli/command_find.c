/* find: what is at an address, and who stands next to it. */
#include <inttypes.h>
#include <string.h>

#include "find.h"

enum { CHECKED = 1024 };

struct checked {
    uint64_t sound[CHECKED]; /* addresses of extents */
};

/* place: what no extent covers. */
static const char *why_not(const struct jh_location *l, const struct jt_place *place) {
    bool word = place && (place->what == JT_IN_NOTHING || place->what == JT_IN_METADATA);
    return word ? jt_what_name(place->what) : jh_why_name(l->why);
}

static const char *why_in_words(const struct jh_location *l, const struct jt_place *place) {
    const char *why = why_not(l, place);
    return strcmp(why, "null") == 0       ? "page 0: a null pointer"
           : strcmp(why, "no leaf") == 0  ? "no extent of jemalloc's has it"
           : strcmp(why, "metadata") == 0 ? "jemalloc's own memory (metadata)"
                                          : why;
}

static void piece_json(struct json *j, const char *key, const struct piece *p) {
    if (!p->state) {
        json_null(j, key);
        return;
    }
    json_open(j, key, '{');
    json_address(j, "start", p->start);
    json_number(j, "size", p->size);
    json_word(j, "state", p->state);
    json_close(j, '}');
}

static void owned_json(struct cli *cli, const struct jh_location *l, uint64_t addr,
                       const struct parked *parked) {
    struct json *j = &cli->json;
    bool slab = jh_extent_is_slab(&l->extent);
    json_address(j, "start", l->start);
    json_number(j, "size", l->size);
    json_number(j, "offset", addr - l->start);
    json_word(j, "state", parked->state);
    json_number(j, "szind", l->extent.szind);
    json_bool(j, "slab", slab);
    if (slab) {
        json_number(j, "region_index", l->region_index);
    } else {
        json_null(j, "region_index");
    }
    json_number(j, "arena_ind", l->extent.arena_ind);
    parked_json(cli, parked->parked);
}

/* Of several jemallocs another one than the chosen one has it: its root. NULL: the chosen one. */
static const struct jt_root *other_root(const struct cli *cli) {
    const struct jt_root *root = cli->chosen->root;
    while (cli->target != cli->chosen && root->view != cli->target) {
        root++;
    }
    return cli->target != cli->chosen ? root : NULL;
}

static void other_heap_json(struct cli *cli) {
    const struct jt_root *root = other_root(cli);
    struct json *j = &cli->json;
    if (!root) {
        json_null(j, "other_heap");
        return;
    }
    json_open(j, "other_heap", '{');
    json_address(j, "root", root->addr);
    json_text(j, "module", root->module->path);
    json_close(j, '}');
}

static void find_json(struct cli *cli, const struct jh_location *l, uint64_t addr,
                      const struct parked *parked, const struct jt_place *place,
                      const struct piece *b, const struct piece *a) {
    struct json *j = &cli->json;
    json_open(j, NULL, '{');
    json_address(j, "addr", addr);
    json_bool(j, "owned", l->owned);
    other_heap_json(cli);
    if (l->owned) {
        owned_json(cli, l, addr, parked);
    } else {
        json_text(j, "why", why_not(l, place));
    }
    if (l->extent.at) {
        extent_json(cli, "extent", &l->extent);
    } else {
        json_null(j, "extent");
    }
    piece_json(j, "before", b);
    piece_json(j, "after", a);
    if (!l->owned) {
        place_json(cli, place);
    }
    json_close(j, '}');
    json_line(j);
}

/* gap: bytes between the piece and what was asked for. */
static void piece_text(const struct cli *cli, const char *side, const struct piece *p,
                       uint64_t gap) {
    char room[SIZE_TEXT];
    if (!p->state) {
        return;
    }
    printf("    %s: 0x%" PRIx64 " %s %s%s%s", side, p->start, cli_size_text(cli, p->size, room),
           cli_paint(cli, p->state), p->state, cli_plain(cli));
    if (gap > 0) {
        printf(", %s away", cli_size_text(cli, gap, room));
    }
    printf("\n");
}

static void neighbours_text(const struct cli *cli, const struct jh_location *l, uint64_t addr,
                            const struct piece *b, const struct piece *a) {
    uint64_t start = l->owned ? l->start : addr, end = l->owned ? l->start + l->size : addr;
    piece_text(cli, "before", b, start - (b->start + b->size));
    piece_text(cli, "after", a, a->start - end);
}

/* What is not in use has no size class. */
static void extent_text(const struct cli *cli, const struct jh_location *l) {
    const struct jh_layout *layout = &cli->target->layout;
    const struct jh_extent *e = &l->extent;
    char room[SIZE_TEXT];
    printf("    extent 0x%" PRIx64 ": 0x%" PRIx64 " %s, arena %" PRIu32 "\n", e->at, e->base,
           cli_size_text(cli, e->size, room), e->arena_ind);
    if (!e->allocated) {
        return;
    }
    printf("    szind %" PRIu32 ": %s", e->szind,
           cli_size_text(cli, jh_index2size(layout, e->szind), room));
    if (l->owned && jh_extent_is_slab(e)) {
        printf(", region %" PRIu32 " of %" PRIu32, l->region_index, layout->bin[e->szind].nregs);
    }
    printf("\n");
}

static void find_text(struct cli *cli, const struct jh_location *l, uint64_t addr,
                      const struct parked *parked, const struct jt_place *place,
                      const struct piece *b, const struct piece *a) {
    const struct jh_extent *e = &l->extent;
    printf("0x%" PRIx64 ": ", addr);
    if (!l->owned) {
        printf("%snot owned%s: %s\n", cli_paint(cli, "not owned"), cli_plain(cli),
               why_in_words(l, place));
    } else {
        const char *use = parked->state;
        char room[SIZE_TEXT];
        printf("%s%s%s, 0x%" PRIx64 " + %" PRIu64 " of %s\n", cli_paint(cli, use), use,
               cli_plain(cli), l->start, addr - l->start, cli_size_text(cli, l->size, room));
    }
    if (e->at) {
        extent_text(cli, l);
    }
    if (parked->parked) {
        parked_text(cli, parked->parked);
    }
    if (other_root(cli)) {
        printf("    in another heap, that of ");
        cli_put(other_root(cli)->module->path);
        printf(" (--root 0x%" PRIx64 ")\n", other_root(cli)->addr);
    }
    if (place) {
        place_text(place);
    }
    neighbours_text(cli, l, addr, b, a);
    cli_answer_faults(cli);
}

/* One object or line for each address, whatever happens to it: owned is null when it cannot be
 * told. */
static void cannot_tell(struct cli *cli, uint64_t addr, const char *why) {
    struct json *j = &cli->json;
    if (!cli->args->json) {
        printf("0x%" PRIx64 ": cannot tell: %s%s%s\n", addr, cli_paint(cli, why), why,
               cli_plain(cli));
        cli_answer_faults(cli);
        return;
    }
    json_open(j, NULL, '{');
    json_address(j, "addr", addr);
    json_null(j, "owned");
    json_null(j, "other_heap");
    json_text(j, "why", why);
    json_null(j, "extent");
    json_null(j, "before");
    json_null(j, "after");
    json_close(j, '}');
    json_line(j);
}

/* What is wrong with the extent, beside what looking it up has checked. Addresses are often many of
 * few extents: one that was found sound is not checked for each of them. */
static void check_extent(struct cli *cli, struct checked *checked, const struct jh_extent *e) {
    uint64_t *slot = &checked->sound[e->at / 128 % CHECKED];
    uint64_t faults = cli->faults;
    if (!e->at || *slot == e->at) {
        return;
    }
    neighbours_check(cli, e);
    neighbours_overlap(cli, e);
    struct jh_fault fault;
    /* arenas are known of the chosen heap only */
    if (cli->target == cli->chosen && jt_check_one(cli->target, e, &fault) != JH_OK) {
        cli_fault(cli, "find", JH_CORRUPT, &fault);
    }
    *slot = cli->faults == faults ? e->at : 0;
}

void find_print(struct cli *cli, uint64_t addr, const struct jh_location *l,
                const struct parked *parked, const struct piece *b, const struct piece *a) {
    struct jt_place room, *place = NULL;
    if (!l->owned && l->why == JH_WHY_NO_LEAF) { /* nothing is read while printing */
        jt_place_find(cli->target, addr, &room);
        bool unknown = jt_is_skeleton(cli->target) && room.what == JT_IN_ANONYMOUS;
        place = cli->target->memory_ran_out || unknown ? NULL : &room;
    }
    if (cli->args->json) {
        find_json(cli, l, addr, parked, place, b, a);
    } else {
        find_text(cli, l, addr, parked, place, b, a);
    }
    if (!l->owned) {
        cli_status(cli, EXIT_FOUND);
    }
}

/* One heap: what stands there, or why nothing does. */
static void print_answer(struct cli *cli, struct checked *checked, uint64_t addr,
                         const struct jh_location *l) {
    struct piece none = {0, 0, NULL}, b = none, a = none;
    check_extent(cli, checked, &l->extent);
    struct parked parked = parked_find(cli, l->owned ? l->use : JH_USE_FREE, l->start);
    if (l->owned || l->why >= JH_WHY_NO_LEAF) {
        b = neighbours_before(cli, l, addr);
        a = neighbours_after(cli, l, addr);
    }
    find_print(cli, addr, l, &parked, &b, &a);
}

/* What the chosen jemalloc knows nothing of may be another one's. NULL: that cannot be told. */
static struct jt_target *other_heap(struct cli *cli, uint64_t addr, struct jh_location *l) {
    bool known = jt_is_metadata(cli->target, addr) == JT_YES || !jt_root_unknown(cli->target);
    struct jh_location other;
    if (jt_is_skeleton(cli->target) && jt_is_metadata(cli->target, addr) == JT_YES) {
        return cli->target; /* whatever the heaps have that it lacks */
    }
    for (size_t i = 0, roots = jt_roots(cli->target); i < roots; i++) {
        struct jt_target *view = jt_root_view(cli->target, i);
        known &= view != NULL;
        if (known && view != cli->target) {
            known = jh_locate(&view->heap, addr, &other, NULL) == JH_OK;
            if (known && other.extent.at) {
                *l = other;
                return view;
            }
        }
    }
    return known ? cli->target : NULL;
}

/* e: the extent that has it, or NULL where that could not be told. */
static void find_address(struct cli *cli, struct checked *checked, uint64_t addr,
                         const struct jh_extent *e) {
    struct jt_target *chosen = cli->target;
    struct jh_location l;
    struct jh_fault fault;
    const struct jh_heap *heap = &chosen->heap;
    enum jh_status status =
        e ? jh_locate_in(heap, addr, e, &l, &fault) : jh_locate(heap, addr, &l, &fault);
    cli->chosen = chosen;
    if (status != JH_OK) {
        cannot_tell(cli, addr, cli_fault(cli, "find", status, &fault));
        return;
    }
    if (!l.owned && l.why == JH_WHY_NO_LEAF && jt_mapped(chosen, addr)) {
        cli->target = other_heap(cli, addr, &l);
    }
    if (cli->target == NULL) {
        cli->target = chosen;
        cannot_tell(cli, addr,
                    jt_is_skeleton(chosen)
                        ? "a skeleton has one heap, and another jemalloc may have it"
                        : "another jemalloc may have it, whose heap is not known");
        cli_status(cli, EXIT_PARTIAL);
        return;
    }
    print_answer(cli, checked, addr, &l);
    cli->target = chosen;
}

static void find_batch(struct cli *cli, struct checked *checked, const uint64_t *addr,
                       size_t count) {
    struct jh_extent extent[FIND_BATCH];
    enum jh_status status[FIND_BATCH];
    jh_lookup_many(&cli->target->heap, addr, count, extent, status);
    for (size_t i = 0; i < count; i++) {
        find_address(cli, checked, addr[i], status[i] == JH_OK ? &extent[i] : NULL);
    }
}

static void find_one(struct cli *cli, void *checked, uint64_t addr) {
    find_address(cli, checked, addr, NULL);
}

/* False: the time was over before its end. */
static bool find_list(struct cli *cli, struct checked *checked) {
    struct input in;
    struct find_index index = {.made = false};
    uint64_t addr[FIND_BATCH];
    size_t count;
    input_start(&in, cli);
    while ((count = input_next(&in, addr, FIND_BATCH)) != 0) {
        if (find_index_ready(cli, &index, count)) {
            find_index_batch(cli, &index, addr, count, find_one, checked);
        } else {
            find_batch(cli, checked, addr, count);
        }
    }
    find_index_end(&index);
    return !in.out_of_time;
}

void command_find(struct cli *cli) {
    struct checked checked = {{0}};
    cli->in_answer = !cli->args->json;
    bool all = true;
    for (size_t i = 0; i < cli->args->operands; i++) {
        uint64_t addr = cli_address(cli, i);
        if (input_is_list(cli->args->operand[i])) {
            all = find_list(cli, &checked);
        } else {
            find_batch(cli, &checked, &addr, 1);
        }
    }
    if (!all) {
        cli_mark_partial(cli);
    }
}
