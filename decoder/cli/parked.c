/* parked.c - regions that are handed out: in use, or parked in a thread cache. */
#include <inttypes.h>

#include "cli.h"

void parked_say_why(struct cli *cli) {
    const struct jt_caches *all = jt_caches(cli->target);
    if (all->why == JT_CACHES_COMPLETE || cli->parked_said) {
        return;
    }
    bool in_answer = cli->in_answer;
    cli->parked_said = true;
    cli->in_answer = false; /* they concern every answer */
    for (size_t i = 0; i < all->faults; i++) {
        cli_fault(cli, "caches", all->fault[i].status, &all->fault[i]);
    }
    cli->in_answer = in_answer;
    if (!cli->args->quiet) {
        cli_say("not all thread caches are known: %s", jt_caches_why_text(all->why));
    }
}

struct parked parked_find(struct cli *cli, enum jh_use use, uint64_t start) {
    struct parked p = {.state = jh_use_name(use)};
    if (use != JH_USE_HELD) {
        return p;
    }
    p.parked = jt_parked_at(cli->target, start);
    if (p.parked) {
        (void)jt_caches_owned(cli->target); /* nothing is read while printing */
        p.state = "cached";
    } else if (jt_caches(cli->target)->why == JT_CACHES_COMPLETE) {
        p.state = "live";
    } else {
        parked_say_why(cli);
    }
    return p;
}

static const struct jt_cache_bin *bin_of(struct cli *cli, const struct jt_parked *parked) {
    return &jt_caches(cli->target)->bin[parked->bin];
}

static const struct jt_cache *cache_of(struct cli *cli, const struct jt_parked *parked) {
    return &jt_caches_owned(cli->target)->cache[bin_of(cli, parked)->cache];
}

void parked_owner_json(struct json *j, const struct jt_cache *cache) {
    json_text(j, "kind", cache->is_explicit ? "explicit" : "thread");
    if (cache->thread != 0) {
        json_number(j, "thread", (uint64_t)cache->thread);
    } else {
        json_null(j, "thread");
    }
    json_text(j, "thread_name", *cache->thread_name ? cache->thread_name : NULL);
}

void parked_owner_text(const struct jt_cache *cache) {
    if (cache->thread != 0) {
        printf(" of thread %d%s", cache->thread, *cache->thread_name ? " " : "");
        cli_put(cache->thread_name);
    }
}

void parked_json(struct cli *cli, const struct jt_parked *parked) {
    struct json *j = &cli->json;
    if (!parked) {
        json_null(j, "tcache");
        return;
    }
    const struct jt_cache *cache = cache_of(cli, parked);
    json_open(j, "tcache", '{');
    json_address(j, "cache", cache->at);
    parked_owner_json(j, cache);
    json_number(j, "szind", bin_of(cli, parked)->known.szind);
    json_bool(j, "stashed", parked->stashed);
    json_close(j, '}');
}

void parked_text(struct cli *cli, const struct jt_parked *parked) {
    const struct jt_cache *cache = cache_of(cli, parked);
    printf("    parked in the %s cache 0x%" PRIx64, cache->is_explicit ? "explicit" : "thread",
           cache->at);
    parked_owner_text(cache);
    printf(", bin of size class %" PRIu32 "%s\n", bin_of(cli, parked)->known.szind,
           parked->stashed ? ", stashed" : "");
}
