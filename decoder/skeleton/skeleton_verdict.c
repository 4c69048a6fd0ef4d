/* skeleton_verdict.c - verdicts: which rules are broken by extents that a skeleton leaves out.
 *
 * A damaged rtree may point into the program's memory. A skeleton does not keep those bytes, only
 * the name of the rule that they break as an extent, so that it answers as its original. */
#include <stdlib.h>
#include <string.h>

#include "skeleton/inside.h"

const char *jt_rule_kept(struct jt_private *p, const char *rule) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    size_t len = strlen(rule);
    if (len == 0 || len >= JT_VERDICT_RULE || rule[strspn(rule, letters)] != 0) {
        return NULL;
    }
    for (size_t i = 0; i < p->skeleton->rules; i++) {
        if (strcmp(p->skeleton->rule[i], rule) == 0) {
            return p->skeleton->rule[i];
        }
    }
    if (p->skeleton->rules == JT_VERDICT_RULES) {
        return NULL;
    }
    memcpy(p->skeleton->rule[p->skeleton->rules], rule, len + 1);
    return p->skeleton->rule[p->skeleton->rules++];
}

bool jt_verdict_add(struct jt_target *target, uint64_t at, const char *rule) {
    struct jt_private *p = target->priv;
    const char *kept = p->skeleton->brokens == JT_VERDICTS_MAX ? NULL : jt_rule_kept(p, rule);
    struct jh_verdict *grown =
        kept == NULL ? NULL : jt_grow(p->skeleton->broken, p->skeleton->brokens, sizeof *grown);
    if (grown == NULL) {
        target->memory_ran_out |= kept != NULL;
        return false;
    }
    p->skeleton->broken = grown;
    grown[p->skeleton->brokens++] = (struct jh_verdict){at, kept};
    return true;
}

static int by_address(const void *a, const void *b) {
    const struct jh_verdict *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

void jt_verdicts_sort(struct jt_target *target) {
    struct jt_private *p = target->priv;
    size_t kept = 0;
    if (p->skeleton->brokens != 0) {
        qsort(p->skeleton->broken, p->skeleton->brokens, sizeof *p->skeleton->broken, by_address);
    }
    for (size_t i = 0; i < p->skeleton->brokens; i++) {
        if (kept == 0 || p->skeleton->broken[kept - 1].at != p->skeleton->broken[i].at) {
            p->skeleton->broken[kept++] = p->skeleton->broken[i];
        }
    }
    p->skeleton->brokens = kept;
}

/* A reader of the memory that is kept. */
struct kept {
    const struct jh_reader *all;
    const struct jt_ranges *keep;
};

static enum jh_status kept_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct kept *k = arg;
    uint64_t there = jt_ranges_until(k->keep->range, k->keep->count, addr) - addr;
    size_t part = there < len ? (size_t)there : len;
    *got = 0;
    if (part == 0) {
        return JH_ABSENT;
    }
    enum jh_status status = k->all->read(k->all->arg, addr, dst, part, got);
    return part < len ? JH_ABSENT : status;
}

/* Adds the verdict on an extent whose bytes can be read in the original. */
static void judge_extent(struct jt_target *target, const struct jh_heap *heap, uint64_t at) {
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status = jh_extent_read(heap, at, &e, &fault);
    if (status == JH_OK) {
        status = jh_extent_check(heap->layout, &e, &fault);
    }
    if (status == JH_CORRUPT) {
        (void)jt_verdict_add(target, at, fault.rule);
    }
}

void jt_verdicts_find(struct jt_target *target, const struct jt_ranges *keep) {
    struct jt_private *p = target->priv;
    const struct jh_heap all = target->heap; /* with its verdicts, if the target is a skeleton */
    struct jh_verdict *before = p->skeleton->broken;
    struct kept kept = {&all.reader, keep};
    struct jh_heap heap = all;
    struct jh_walk walk;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status = JH_OK;
    heap.reader = (struct jh_reader){.read = kept_read, .arg = &kept};
    heap.verdict = NULL;
    heap.verdicts = 0;
    p->skeleton->broken = NULL;
    p->skeleton->brokens = 0;
    for (jh_walk_start(&walk, &heap); status != JH_END;) {
        status = jh_walk_next(&walk, &e, &fault);
        if (status == JH_ABSENT && fault.stage == JH_STAGE_READER) {
            judge_extent(target, &all, jh_addr2base(fault.addr, target->layout.extent_align));
        }
    }
    jt_verdicts_sort(target);
    free(before);
    target->heap.verdict = p->skeleton->broken;
    target->heap.verdicts = p->skeleton->brokens;
}

void jt_verdicts_guards(struct jt_target *target, const struct jt_ranges *open) {
    for (size_t i = 0; i < open->count; i++) {
        (void)jt_verdict_add(target, open->range[i].start, JT_GUARD_RULE);
    }
    jt_verdicts_sort(target);
    target->heap.verdict = target->priv->skeleton->broken;
    target->heap.verdicts = target->priv->skeleton->brokens;
}
