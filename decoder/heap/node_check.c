/* node_check.c - the pairing heaps that slabs with free regions and unused extents lie in: each
 * leads to others of its own bin or class, which lead back, and something leads to it.
 *
 * In such a heap prev is the parent of the leftmost child, else the sibling in front; the first has
 * none. include/jemalloc/internal/ph.h at each tag (phn_merge_ordered, ph_insert, ph_remove). */
#include <stdlib.h>

#include "heap/counters.h"

/* ---- sets ----------------------------------------------------------------------------------- */

uint32_t jt_unused_set(const struct jh_counting *counting, uint32_t state, bool guarded,
                       uint32_t page_class) {
    uint32_t bins = counting->bin[counting->layout->sc_nbins];
    return bins + (2 * state + guarded) * (counting->page_classes + 1) + page_class;
}

uint32_t jt_sets(const struct jh_counting *counting) {
    return jt_unused_set(counting, JH_UNUSED_STATES, false, 0);
}

uint32_t jt_set_of(const struct jh_counting *counting, const struct jh_extent *e) {
    uint32_t state = jh_unused_state(e->state);
    if (state != JH_UNUSED_STATES) {
        return jt_unused_set(counting, state, e->guarded, jh_page_class(counting, e->size));
    }
    if (!e->allocated || !jh_extent_is_slab(e)) {
        return jt_sets(counting);
    }
    uint32_t shards = counting->bin[e->szind + 1] - counting->bin[e->szind];
    return counting->bin[e->szind] + (e->bin_shard < shards ? e->bin_shard : shards - 1);
}

/* ---- nodes ---------------------------------------------------------------------------------- */

void jt_node_add(struct jt_counters *c, uint32_t arena, const struct jh_extent *e,
                 const uint8_t *bytes) {
    unsigned word = c->target->priv->words;
    const uint8_t *link = bytes + c->target->priv->base->form.heap;
    uint32_t set = jt_set_of(&c->counting, e);
    if (set == jt_sets(&c->counting)) {
        return;
    }
    struct jt_node *grown = jt_grow(c->node, c->nodes, sizeof *grown);
    if (grown == NULL) {
        c->target->memory_ran_out = c->incomplete = true;
        return;
    }
    c->node = grown;
    grown[c->nodes++] = (struct jt_node){
        .at = e->at,
        .prev = jt_number_at(c->target, link, word),
        .next = jt_number_at(c->target, link + word, word),
        .child = jt_number_at(c->target, link + 2 * word, word),
        .arena = arena,
        .set = set,
        .slab = e->state == JH_ACTIVE,
        .member = e->state != JH_ACTIVE || e->nfree != 0,
    };
}

struct jt_node *jt_node_at(const struct jt_counters *c, uint64_t at) {
    return jt_element_at(c->node, c->nodes, sizeof *c->node, at);
}

bool jt_head_add(struct jt_counters *c, uint32_t arena, uint32_t set, uint64_t at, uint64_t first) {
    struct jt_head *grown = jt_grow(c->head, c->heads, sizeof *grown);
    if (grown == NULL) {
        c->target->memory_ran_out = true;
        return false;
    }
    c->head = grown;
    grown[c->heads++] = (struct jt_head){at, first, arena, set, false};
    return true;
}

/* ---- links ---------------------------------------------------------------------------------- */

static bool is_of(const struct jt_node *node, uint32_t arena, uint32_t set) {
    return node != NULL && node->member && node->arena == arena && node->set == set;
}

static const char *rule_of(const struct jt_counters *c, uint32_t set) {
    return set < c->counting.bin[c->target->layout.sc_nbins] ? "bin.heap" : "arena.heap";
}

/* Does it lead to another one of its set, which leads back? 0 leads nowhere. What was put into a
 * heap twice leads to itself. */
static bool leads_well(const struct jt_counters *c, const struct jt_node *n, uint64_t to) {
    const struct jt_node *other = to == 0 ? NULL : jt_node_at(c, to);
    return to == 0 || (other != n && is_of(other, n->arena, n->set) && other->prev == n->at);
}

static bool is_led_to(const struct jt_counters *c, const struct jt_node *n) {
    const struct jt_node *prev = jt_node_at(c, n->prev);
    return n->first ||
           (is_of(prev, n->arena, n->set) && (prev->next == n->at || prev->child == n->at));
}

/* The link that is wrong; false: none. */
static bool wrong_link(const struct jt_counters *c, const struct jt_node *n, uint64_t *link) {
    if (!is_led_to(c, n)) {
        *link = n->prev;
    } else if (!leads_well(c, n, n->next)) {
        *link = n->next;
    } else if (!leads_well(c, n, n->child)) {
        *link = n->child;
    } else {
        return false;
    }
    return true;
}

/* Of a process: as it was read, with the same links, and so are those that it leads to. */
static bool is_as_before(const struct jt_counters *c, const struct jt_node *n) {
    uint64_t word = c->target->priv->words, at = n->at + c->target->priv->base->form.heap;
    uint64_t prev, next, child;
    struct jh_extent e;
    return jt_read_word(c->target, at, &prev) && jt_read_word(c->target, at + word, &next) &&
           jt_read_word(c->target, at + 2 * word, &child) && prev == n->prev && next == n->next &&
           child == n->child && jh_extent_read(&c->target->heap, n->at, &e, NULL) == JH_OK &&
           jt_set_of(&c->counting, &e) == n->set && (!n->slab || e.nfree != 0);
}

static bool stays(const struct jt_counters *c, const struct jt_node *n) {
    const struct jt_node *with[] = {n, jt_node_at(c, n->prev), jt_node_at(c, n->next),
                                    jt_node_at(c, n->child)};
    for (unsigned times = 0; jt_retry(c->target, &times);) {
        for (size_t i = 0; i < sizeof with / sizeof with[0]; i++) {
            if (with[i] != NULL && !is_as_before(c, with[i])) {
                return false;
            }
        }
    }
    return true;
}

void jt_nodes_check(struct jt_counters *c) {
    for (size_t i = 0; i < c->heads; i++) {
        const struct jt_head *h = &c->head[i];
        struct jt_node *n = jt_node_at(c, h->first);
        if (is_of(n, h->arena, h->set)) {
            n->first = true;
        } else {
            jt_check_say(c->check, h->at, h->first, rule_of(c, h->set));
        }
    }
    for (size_t i = 0; i < c->nodes; i++) {
        const struct jt_node *n = &c->node[i];
        uint64_t link;
        if (n->member && c->headed[n->arena] && wrong_link(c, n, &link) && stays(c, n)) {
            jt_check_say(c->check, n->at, link, rule_of(c, n->set));
        }
    }
}
