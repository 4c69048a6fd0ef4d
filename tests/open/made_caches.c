#include <stdlib.h>
#include <string.h>

#include "made_caches.h"

const enum jh_version made_versions[MADE_VERSIONS] = {JH_5_0_0, JH_5_1_0, JH_5_2_1,
                                                      JH_5_3_0, JH_5_3_1, JH_DEV};

struct jh_cache_form made_form;

uint64_t made_element(unsigned i) {
    return made_form.bins == JH_CACHE_NONE ? MADE_CACHE(i) : MADE_DESCRIPTOR(i);
}

void made_ring(struct made *m, unsigned i, unsigned next) {
    made_word(m, made_element(i) + made_form.link, made_element(next));
    made_word(m, made_element(next) + made_form.link + 4, made_element(i));
}

void made_half(struct made *m, uint64_t at, uint64_t value) {
    jt_number_put(&m->target, made_at(m, at), value, 2);
}

uint64_t made_bin(const struct made *m, unsigned i, uint32_t szind) {
    return jh_cache_bin_at(&m->target.layout, &made_form, MADE_CACHE(i), szind);
}

void made_fill(struct made *m, unsigned i, uint32_t szind, uint64_t end, uint32_t count) {
    uint64_t at = made_bin(m, i, szind);
    if (made_form.cursor) {
        made_word(m, at + made_form.top, end - 4 * count);
        made_half(m, at + made_form.empty, end & 0xffff);
        made_half(m, at + made_form.full, (end - 4 * MADE_CAPACITY) & 0xffff);
        made_half(m, at + made_form.low_water, end & 0xffff);
    } else {
        made_word(m, at + made_form.top, end);
        made_word(m, at + made_form.ncached, count);
        made_word(m, at + made_form.low_water, 0);
    }
    if (made_form.ncached_max != 0) {
        made_half(m, at + made_form.ncached_max, MADE_CAPACITY);
    }
    for (uint32_t k = 0; k < count; k++) {
        made_word(m, end - 4 * (count - k), made_base_of(10 * i + 1) + 64 * k);
    }
}

static void symbols(struct made *m) {
    m->p.source->variable[0] = (struct jt_variable){"b0", MADE_B0, 4};
    m->p.source->variable[1] = (struct jt_variable){"arenas", MADE_ARRAY, UINT64_C(4) * 4095};
    m->p.source->variable[2] = (struct jt_variable){"tcache_bin_info", MADE_VARIABLE, 4};
    m->p.source->variables = 3;
    memcpy(m->target.root_name, "root", 5);
}

static void put_table(struct made *m) {
    unsigned stride = m->target.layout.build.version < JH_5_3_0 ? 4 : 2;
    made_word(m, MADE_VARIABLE, MADE_TABLE);
    for (uint32_t i = 0; i < made_form.slots; i++) {
        jt_number_put(&m->target, made_at(m, MADE_TABLE + stride * i), MADE_CAPACITY, stride);
    }
}

struct made *made_caches(enum jh_version version) {
    struct made *m = made_start(version);
    if (jh_cache_form(&m->target.layout, &made_form, NULL) != JH_OK) {
        abort();
    }
    symbols(m);
    put_table(m);
    for (unsigned i = 0; i < MADE_CACHES; i++) {
        if (made_form.bins != JH_CACHE_NONE) {
            made_word(m, MADE_DESCRIPTOR(i) + made_form.bins, MADE_CACHE(i) + made_form.small);
        }
        made_fill(m, i, MADE_SZIND, MADE_STACK(i), i + 1);
        made_fill(m, i, m->target.layout.sc_nbins, MADE_STACK(i) + 4 * MADE_CAPACITY, 1);
    }
    made_ring(m, 0, 1);
    made_ring(m, 1, 0);
    made_ring(m, 2, 2);
    made_word(m, MADE_BLOCK + MADE_ARENA + made_form.list, made_element(0));
    made_word(m, MADE_BLOCK5 + MADE_ARENA + made_form.list, made_element(2));
    return m;
}
