/* finding.c - one break of a rule: where it is, and how it is printed. */
#include "finding.h"

#include <inttypes.h>
#include <string.h>

/* ---- where it is ----------------------------------------------------------------------------- */

/* Its address is that of a number, and no structure's. */
static bool is_counter(const char *rule) {
    static const char *const names[] = {"nactive", "npages", "nextents", "nbytes", "large-"};
    const char *name = strchr(rule, '.') + 1;
    bool counter = strncmp(rule, "bin.", 4) == 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        counter |= strncmp(name, names[i], strlen(names[i])) == 0;
    }
    return counter;
}

/* A structure and what it covers. */
static bool place_structure(struct cli *cli, struct finding *f) {
    struct jh_extent e;
    bool counter = f->fault.expects && is_counter(f->fault.rule);
    if (counter || f->fault.addr % cli->target->layout.extent_align != 0 ||
        jh_extent_read(&cli->target->heap, f->fault.addr, &e, NULL) != JH_OK ||
        jh_extent_check(&cli->target->layout, &e, NULL) != JH_OK) {
        return false;
    }
    f->extent = e.at;
    f->arena_ind = e.arena_ind;
    f->region = jh_extent_is_slab(&e) ? 0 : e.addr;
    return true;
}

/* An address of the program's. */
static void place_memory(struct cli *cli, struct finding *f) {
    struct jh_location l;
    if (jh_locate(&cli->target->heap, f->fault.addr, &l, NULL) == JH_OK && l.extent.at) {
        f->extent = l.extent.at;
        f->arena_ind = l.extent.arena_ind;
        f->region = l.owned ? l.start : 0;
    }
}

static void place_cache(struct cli *cli, struct finding *f) {
    const struct jt_caches *all = jt_caches_owned(cli->target);
    for (size_t i = 0; i < all->count && f->cache == NULL; i++) {
        f->cache = all->cache[i].at == f->fault.seen ? &all->cache[i] : NULL;
    }
}

/* ---- bytes as text ---------------------------------------------------------------------------
 */

/* The printable bytes at the front, if they are at least four: fewer are by chance. */
static void take_text(const uint8_t *bytes, size_t len, char *out) {
    enum { LEAST = 4 };
    size_t n = 0;
    while (n < len && bytes[n] >= ' ' && bytes[n] <= '~') {
        n++;
    }
    n = n < LEAST ? 0 : n;
    memcpy(out, bytes, n);
    out[n] = 0;
}

/* All bytes of a word, or none: part of a number is no text. */
static void word_text(const struct cli *cli, uint64_t value, char *out) {
    unsigned word = cli->target->layout.build.pointer_size;
    uint8_t bytes[8];
    for (unsigned i = 0; i < word; i++) {
        unsigned byte = cli->target->layout.build.little_endian ? i : word - 1 - i;
        bytes[byte] = (uint8_t)(value >> 8 * i);
    }
    take_text(bytes, word, out);
    if (strlen(out) != word) {
        out[0] = 0;
    }
}

static void read_text(struct cli *cli, struct finding *f) {
    const struct jh_reader *r = &cli->target->heap.reader;
    uint8_t bytes[FINDING_TEXT];
    size_t got = 0;
    enum jh_status status = r->read(r->arg, f->fault.addr, bytes, sizeof bytes, &got);
    (void)status; /* what is not there is no text */
    take_text(bytes, got, f->text);
    word_text(cli, f->fault.seen, f->seen_text);
    if (got == 0) { /* text that was taken for an address */
        word_text(cli, f->fault.addr, f->text);
    }
}

void finding_place(struct cli *cli, struct finding *f) {
    f->arena_ind = UINT64_MAX;
    if (f->fault.stage == JH_STAGE_CACHE) {
        place_cache(cli, f);
    }
    if (jt_is_metadata(cli->target, f->fault.addr) != JT_YES) {
        place_memory(cli, f);
    } else if (!place_structure(cli, f)) {
        f->arena_ind = jt_metadata_arena(cli->target, f->fault.addr);
    }
    read_text(cli, f);
}

/* ---- printing -------------------------------------------------------------------------------- */

static void address_or_null(struct json *j, const char *key, uint64_t value) {
    if (value != 0) {
        json_address(j, key, value);
    } else {
        json_null(j, key);
    }
}

static void cache_json(struct json *j, const struct jt_cache *cache) {
    if (cache == NULL) {
        json_null(j, "cache");
        return;
    }
    json_open(j, "cache", '{');
    json_address(j, "at", cache->at);
    parked_owner_json(j, cache);
    json_close(j, '}');
}

void finding_json(struct cli *cli, const struct finding *f) {
    struct json *j = &cli->json;
    json_open(j, NULL, '{');
    json_text(j, "rule", f->fault.rule);
    json_address(j, "address", f->fault.addr);
    json_address(j, "seen", f->fault.seen);
    if (f->fault.expects) {
        json_address(j, "expected", f->fault.expected);
    } else {
        json_null(j, "expected"); /* most rules say what may not be, and not what was */
    }
    address_or_null(j, "extent", f->extent);
    if (f->arena_ind != UINT64_MAX) {
        json_number(j, "arena_ind", f->arena_ind);
    } else {
        json_null(j, "arena_ind");
    }
    address_or_null(j, "region", f->region);
    cache_json(j, f->cache);
    json_text(j, "text", *f->text ? f->text : NULL);
    json_text(j, "seen_text", *f->seen_text ? f->seen_text : NULL);
    json_text(j, "severity", jt_severity_name(f->judged.severity));
    json_text(j, "in_flight", f->judged.mark ? jt_mark_words(f->judged.mark) : NULL);
    if (f->judged.thread) {
        json_number(j, "thread", (uint64_t)f->judged.thread);
    } else {
        json_null(j, "thread");
    }
    json_text(j, "meaning", cli_rule_words(f->fault.rule));
    json_close(j, '}');
    json_line(j);
}

static void put_text(const char *before, const char *text, const char *behind) {
    if (*text) {
        printf("%s\"", before);
        cli_put(text);
        printf("\"%s", behind);
    }
}

void finding_text(const struct finding *f) {
    printf("    %-10s at 0x%" PRIx64 ", value 0x%" PRIx64, jt_severity_name(f->judged.severity),
           f->fault.addr, f->fault.seen);
    put_text(" (", f->seen_text, ")");
    if (f->fault.expects) {
        printf(", expected 0x%" PRIx64, f->fault.expected);
    }
    if (f->fault.element) {
        printf(", element 0x%" PRIx64 " of page 0x%" PRIx64, f->fault.element, f->fault.page);
    }
    if (f->extent) {
        printf(", extent 0x%" PRIx64, f->extent);
    }
    if (f->region) {
        printf(", region 0x%" PRIx64, f->region);
    }
    if (f->cache) {
        printf(", in the %s cache", f->cache->is_explicit ? "explicit" : "thread");
        parked_owner_text(f->cache);
    }
    put_text(", bytes ", f->text, "");
    if (f->judged.mark) {
        printf(", %s%s", f->judged.doubt ? "perhaps " : "", jt_mark_words(f->judged.mark));
    }
    if (f->judged.thread) {
        printf(" (thread %d)", f->judged.thread);
    }
    if (f->judged.doubt) {
        printf("; %s", f->judged.doubt);
    }
    printf("\n");
}
