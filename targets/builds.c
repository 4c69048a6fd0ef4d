#include "builds.h"

/* Mostly values that are built, now and then any value. */
static uint8_t one_of(struct fuzz_input *in, const uint8_t *usual, size_t count) {
    uint8_t byte = fuzz_byte(in);
    return byte < 0xe0 ? usual[byte % count] : (uint8_t)(byte - 0xe0 + 8 * count);
}

void fuzz_build(struct fuzz_input *in, struct jh_build *out) {
    static const uint8_t vaddr[] = {48, 57, 64, 32}, page[] = {12, 14, 16, 13};
    static const uint8_t quantum[] = {4, 3};
    size_t machines = 0;
    while (jh_machine_name(machines)) {
        machines++;
    }
    uint8_t flags = fuzz_byte(in), machine = fuzz_byte(in);
    jh_build_init(out, (enum jh_version)(fuzz_byte(in) % JH_VERSIONS));
    if (machine && jh_build_machine(out, jh_machine_name(machine % machines)) != JH_OK) {
        abort();
    }
    if (flags & 0x80) {
        out->lg_vaddr = one_of(in, vaddr, sizeof(vaddr));
        out->lg_page = one_of(in, page, sizeof(page));
        out->lg_quantum = one_of(in, quantum, sizeof(quantum));
        uint8_t maxregs = fuzz_byte(in);
        out->lg_slab_maxregs = maxregs < 0xc0 ? 0 : maxregs & 0x1f;
    }
    out->debug = flags & 1;
    out->prof = flags & 2;
    out->stats = !(flags & 4);
    out->cache_oblivious = !(flags & 8);
}

void fuzz_layout(struct fuzz_input *in, struct jh_layout *out) {
    struct jh_build build;
    fuzz_build(in, &build);
    if (jh_layout_make(&build, out, NULL) != JH_OK) {
        jh_build_init(&build, build.version);
        if (jh_layout_make(&build, out, NULL) != JH_OK) {
            abort();
        }
    }
}
