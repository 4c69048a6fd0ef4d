/* owners.c - finds the owner of each cache: a thread, or the program that made an explicit cache.
 */
#include <string.h>

#include "open/inside.h"

/* Is the cache explicit? tcache.create allocates a cache together with the stacks of its bins. The
 * cache of a thread is in thread-local storage, and its stacks are elsewhere. */
static bool is_explicit(struct jt_target *target, const struct jt_caches *all,
                        const struct jt_cache *cache) {
    struct jh_location l;
    if (jt_is_metadata(target, cache->at) == JT_YES) {
        return true;
    }
    return cache->bins != 0 && jh_locate(&target->heap, cache->at, &l, NULL) == JH_OK && l.owned &&
           all->bin[cache->first].known.items - l.start < l.size;
}

static void find_thread(struct jt_target *target, struct jt_cache *cache) {
    struct jt_place place;
    bool tls = false;
    jt_place_find(target, cache->at, &place);
    const struct jt_thread *thread =
        jt_thread_at(target, cache->at, (struct jt_range){place.start, place.end}, &tls);
    if (tls) {
        cache->thread = thread->id;
        memcpy(cache->thread_name, thread->name, sizeof cache->thread_name);
    }
}

const struct jt_caches *jt_caches_owned(struct jt_target *target) {
    const struct jt_caches *all = jt_caches(target);
    struct jt_base *base = target->priv->base;
    for (size_t i = 0; !base->owners_done && i < base->caches.count; i++) {
        struct jt_cache *cache = &base->caches.cache[i];
        cache->is_explicit = is_explicit(target, all, cache);
        if (!cache->is_explicit) {
            find_thread(target, cache);
        }
    }
    base->owners_done = true;
    return all;
}
