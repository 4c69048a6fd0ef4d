/* in_flight.h - is what breaks a rule an operation of jemalloc that was stopped half-way?
 *
 * A process may be stopped between any two instructions of malloc() or free(). What such a stop can
 * leave has marks in memory and in registers: a lock that is held, a decay that purges, a thread
 * inside jemalloc that has the very extent or the very bin in hand. Each rule that such a stop can
 * break names the marks that excuse it (in_flight_rows.c). Without one it is broken for good. */
#ifndef JEHEAP_IN_FLIGHT_H
#define JEHEAP_IN_FLIGHT_H

#include "image/target.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Near means: of the extent's, the cache's or the structure's own arena, size class and bin. */
enum jt_mark {
    JT_MARK_BIN = 1 << 0,    /* the lock of a bin of that arena and size class is held */
    JT_MARK_PAGES = 1 << 1,  /* a lock of the arena's page allocator is */
    JT_MARK_AVAIL = 1 << 2,  /* that of its structures that wait to be used is */
    JT_MARK_BASE = 1 << 3,   /* that of its base allocator is */
    JT_MARK_CACHES = 1 << 4, /* that of its list of thread caches is */
    JT_MARK_LARGE = 1 << 5,  /* that of its list of large allocations is */
    JT_MARK_PURGE = 1 << 6,  /* it gives unused pages back: decay.purging, or the decay's lock */
    JT_MARK_EXTENT = 1 << 7, /* a thread inside jemalloc has the extent in hand: its structure's or
                                its memory's address is in a register or on its stack */
    JT_MARK_CACHE = 1 << 8,  /* a thread inside jemalloc has a bin in hand in which the region is
                                parked; or it lies on top, and the cache is that thread's */
    JT_MARK_INSIDE = 1 << 9  /* a thread inside jemalloc has something of the arena's own memory in
                                hand: itself, a bin, a structure */
};
#define JT_MARKS 10
#define JT_NEVER_SURE (1u << 31) /* a rule's: sound heaps break it, too, seldom and for good */

/* A few words: "the lock of a bin of its class is held". */
const char *jt_mark_words(enum jt_mark mark);

/* The marks that excuse the rule, a set; 0: none does, it is broken for good. */
uint32_t jt_excuses(const char *rule);

/* Is what breaks the rule not looked at again where memory changes while it is read? All else is,
 * until it stays as it is. */
bool jt_is_seen_once(const char *rule);

enum jt_severity { JT_CORRUPT, JT_TRANSIENT, JT_SUSPICIOUS };
#define JT_SEVERITIES 3
/* "corrupt", "transient", "suspicious" */
const char *jt_severity_name(enum jt_severity severity);

struct jt_judged {
    enum jt_severity severity; /* suspicious: whether a mark is there cannot be told */
    uint32_t mark;             /* the one that is there; 0: none, or the target moves */
    int thread;                /* who has it in hand; 0: nobody does */
    const char *doubt;         /* why the mark may be none; NULL: it is one */
};

/* moves: the target runs while it is read. Then there are no marks, since its threads are elsewhere
 * by now: what was looked at again until it stayed is corrupt, what was seen once is transient. */
struct jt_judged jt_judge(struct jt_target *target, const struct jh_fault *fault, bool moves);

#ifdef __cplusplus
}
#endif
#endif
