/* extent_check.c - the leaf elements and the bitmap of an extent that is sound in itself. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"

bool sound_in_tree(const struct cli *cli, const struct jh_extent *e) {
    struct jh_leaf_bytes bytes;
    struct jh_leaf leaf;
    if (jh_rtree_lookup(&cli->target->heap, e->base, &bytes, NULL) != JH_OK) {
        return false;
    }
    jh_leaf_decode(&cli->target->layout, bytes.bytes, &leaf);
    return leaf.extent == e->at;
}

static enum jh_status check_once(const struct cli *cli, const struct jh_extent *e, bool pages,
                                 struct jh_fault *fault) {
    struct jh_slab slab;
    enum jh_status status = pages ? jh_pages_check(&cli->target->heap, e, fault) : JH_OK;
    if (status == JH_OK && jh_extent_is_slab(e) &&
        jh_slab_read(&cli->target->heap, e, &slab, NULL) == JH_OK) {
        status = jh_slab_check(&cli->target->layout, e, &slab, fault);
    }
    return status;
}

/* ---- memory that changes while it is read ---------------------------------------------------- */

static bool same_extent(const struct jh_extent *a, const struct jh_extent *b) {
    return a->bits == b->bits && a->addr == b->addr && a->bsize == b->bsize;
}

/* Once more. False: nothing is wrong any more, or it is another extent by now. It is wrong for sure
 * where the extent is the same in front of and behind what contradicts it. */
static bool is_still_wrong(const struct cli *cli, struct sound_suspect *s, bool pages) {
    const struct jh_heap *heap = &cli->target->heap;
    struct jh_extent now, behind;
    if (jh_extent_read(heap, s->extent.at, &now, NULL) != JH_OK || now.base != s->extent.base ||
        now.size != s->extent.size || now.szind != s->extent.szind ||
        now.state != s->extent.state || check_once(cli, &now, pages, &s->fault) == JH_OK) {
        return false;
    }
    s->sure = jh_extent_read(heap, now.at, &behind, NULL) == JH_OK && same_extent(&now, &behind);
    s->extent = now;
    return true;
}

/* Those that are wrong as long as there is time to look; returns how many. Of memory that does not
 * change all are. */
static size_t check_again(const struct cli *cli, struct sound_suspect *s, size_t count,
                          bool pages) {
    const struct jh_reader *reader = &cli->target->heap.reader;
    for (unsigned times = 0; count && reader->retry && reader->retry(reader->arg, times); times++) {
        size_t left = 0;
        for (size_t i = 0; i < count; i++) {
            s[left] = s[i];
            left += is_still_wrong(cli, &s[left], pages);
        }
        count = left;
    }
    return count;
}

enum jh_status sound_extent(const struct cli *cli, const struct jh_extent *e,
                            struct jh_fault *fault) {
    struct sound_suspect s = {.extent = *e, .sure = true};
    enum jh_status status = check_once(cli, e, true, &s.fault);
    if (status == JH_OK || check_again(cli, &s, 1, true) == 0 || !s.sure) {
        return JH_OK;
    }
    *fault = s.fault;
    return status;
}

void sound_say(struct cli *cli, const char *doing, enum jh_status status, const struct jh_extent *e,
               const struct jh_fault *fault) {
    if (strcmp(fault->rule, "slab.nfree") == 0) {
        snprintf(cli->compared, sizeof(cli->compared),
                 ": nfree is %" PRIu32 ", the bitmap has %" PRIu64 " free", e->nfree, fault->seen);
    }
    cli_fault(cli, doing, status, fault);
}

/* ---- all slabs of a walk --------------------------------------------------------------------- */

static void say_suspects(struct cli *cli, struct sound_slabs *s) {
    size_t count = check_again(cli, s->suspect, s->suspects, false);
    for (size_t i = 0; i < count; i++) {
        if (s->suspect[i].sure) {
            sound_say(cli, "walk", JH_CORRUPT, &s->suspect[i].extent, &s->suspect[i].fault);
        }
    }
    s->suspects = 0;
}

static void check_batch(struct cli *cli, struct sound_slabs *s) {
    jh_slab_read_many(&cli->target->heap, s->extent, s->count, s->slab, s->status);
    for (size_t i = 0; i < s->count; i++) {
        struct sound_suspect *suspect = &s->suspect[s->suspects];
        if (s->status[i] == JH_OK && jh_slab_check(&cli->target->layout, &s->extent[i], &s->slab[i],
                                                   &suspect->fault) != JH_OK) {
            suspect->extent = s->extent[i];
            suspect->sure = true;
            s->suspects++;
        }
    }
    s->count = 0;
    if (s->suspects >= SOUND_BATCH) {
        say_suspects(cli, s);
    }
}

void sound_start(struct sound_slabs *slabs) {
    slabs->count = slabs->suspects = 0;
}

void sound_add(struct cli *cli, struct sound_slabs *slabs, const struct jh_extent *e) {
    if (jh_extent_is_slab(e)) {
        slabs->extent[slabs->count++] = *e;
    }
    if (slabs->count == SOUND_BATCH) {
        check_batch(cli, slabs);
    }
}

void sound_end(struct cli *cli, struct sound_slabs *slabs) {
    check_batch(cli, slabs);
    say_suspects(cli, slabs);
}
