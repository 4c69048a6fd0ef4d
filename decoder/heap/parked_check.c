/* parked_check.c - rules of what is parked: each is a region of the bin's class, handed out by the
 * bitmap, and parked once.
 *
 * A thread in the middle of a flush breaks them for what it flushes: regions of one bin are given
 * back one by one while the bin still has them, and one that was given back may be handed out
 * again. src/tcache.c (tcache_bin_flush_small, tcache_bin_flush_large), at each tag. */
#include "heap/inside.h"

enum { BATCH = 64 };

struct parked_check {
    struct jt_target *target;
    const struct jt_caches *all;
    jt_fault_fn *fault;
    void *arg;
    bool absent; /* some of what is parked cannot be looked up */
};

/* address: the region; value: the cache. */
static void broken(struct parked_check *c, const struct jt_parked *p, const char *rule) {
    uint64_t cache = c->all->cache[c->all->bin[p->bin].cache].at;
    struct jh_fault fault = {JH_CORRUPT, JH_STAGE_CACHE, p->addr, cache, rule, 0, 0, 0, false};
    c->fault(c->arg, JH_CORRUPT, &fault);
}

static void check_one(struct parked_check *c, const struct jt_parked *p,
                      const struct jh_extent *extent) {
    struct jh_location l;
    if (jh_locate_in(&c->target->heap, p->addr, extent, &l, NULL) != JH_OK) {
        c->absent = true;
    } else if (!l.owned || !l.extent.allocated) {
        broken(c, p, "cache.outside");
    } else if (l.start != p->addr) {
        broken(c, p, "cache.no-region");
    } else if (l.extent.szind != c->all->bin[p->bin].known.szind) {
        broken(c, p, "cache.szind");
    } else if (l.use == JH_USE_FREE) {
        broken(c, p, "cache.parked-free");
    }
}

static void check_batch(struct parked_check *c, const struct jt_parked *p, size_t count) {
    struct jh_extent extent[BATCH];
    enum jh_status status[BATCH];
    uint64_t addr[BATCH];
    for (size_t i = 0; i < count; i++) {
        addr[i] = p[i].addr;
    }
    jh_lookup_many(&c->target->heap, addr, count, extent, status);
    for (size_t i = 0; i < count; i++) {
        if (status[i] == JH_OK) {
            check_one(c, &p[i], &extent[i]);
        } else { /* what is corrupt there is an extent's, which the walk says */
            c->absent |= status[i] != JH_CORRUPT;
        }
    }
}

/* A skeleton has 0 in place of whatever is parked in a damaged cache and is in no extent. */
static bool is_left_out(const struct parked_check *c, const struct jt_parked *p) {
    return p->addr == 0 && jt_is_skeleton(c->target);
}

static void check_twice(struct parked_check *c) {
    const uint32_t *order = c->all->by_address;
    for (size_t i = 1; i < c->all->parked_count; i++) {
        const struct jt_parked *before = &c->all->parked[order[i - 1]];
        const struct jt_parked *p = &c->all->parked[order[i]];
        if (p->addr == before->addr && !is_left_out(c, p)) {
            bool same = c->all->bin[p->bin].cache == c->all->bin[before->bin].cache;
            broken(c, p, same ? "cache.parked-twice" : "cache.two-caches");
        }
    }
}

bool jt_parked_check(struct jt_target *target, jt_fault_fn *fault, void *arg) {
    struct parked_check c = {
        .target = target, .all = jt_caches(target), .fault = fault, .arg = arg};
    for (size_t i = 0; i < c.all->faults; i++) {
        fault(arg, c.all->fault[i].status, &c.all->fault[i]);
    }
    check_twice(&c);
    for (size_t i = 0; i < c.all->parked_count; i += BATCH) {
        size_t left = c.all->parked_count - i;
        check_batch(&c, &c.all->parked[i], left < BATCH ? left : BATCH);
    }
    return !c.absent;
}
