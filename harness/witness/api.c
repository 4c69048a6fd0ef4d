/* api: what any program can ask. Names that a version does not have are left out, by asking. */
#include "workload.h"

#include <errno.h>
#include <jemalloc/jemalloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define QUERIES 2000 /* experimental.utilization is asked about so many allocations */

/* ---- mallctl --------------------------------------------------------------------------------- */

/* Numbers come in several sizes, and a read of the wrong size is refused with EINVAL. */
static bool number(const char *name, uint64_t *value) {
    size_t wide;
    unsigned narrow;
    bool flag;
    size_t got = sizeof(wide);
    if (je_mallctl(name, &wide, &got, NULL, 0) == 0) {
        *value = wide;
        return true;
    }
    got = sizeof(narrow);
    if (je_mallctl(name, &narrow, &got, NULL, 0) == 0) {
        *value = narrow;
        return true;
    }
    got = sizeof(flag);
    if (je_mallctl(name, &flag, &got, NULL, 0) == 0) {
        *value = flag;
        return true;
    }
    return false;
}

bool api_text(const char *name, const char **value) {
    size_t got = sizeof(*value);
    return je_mallctl(name, value, &got, NULL, 0) == 0;
}

static uint64_t number_or_zero(const char *name) {
    uint64_t value;
    return number(name, &value) ? value : 0;
}

static void mallctl_line(struct truth *truth, const char *name) {
    uint64_t value;
    if (number(name, &value)) {
        truth_word(truth, "mallctl");
        truth_text(truth, "name", name);
        truth_hex(truth, "value", value);
        truth_end(truth);
    }
}

static void numbered_lines(struct truth *truth, const char *form, uint64_t count) {
    for (unsigned i = 0; i < count; i++) {
        char name[80];
        snprintf(name, sizeof(name), form, i);
        mallctl_line(truth, name);
    }
}

static void mallctl_lines(struct truth *truth) {
    static const char *const plain[] = {"arenas.page", "arenas.quantum", "arenas.nbins",
                                        "arenas.nlextents", "arenas.narenas"};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        mallctl_line(truth, plain[i]);
    }
    uint64_t bins = number_or_zero("arenas.nbins");
    numbered_lines(truth, "arenas.bin.%u.size", bins);
    numbered_lines(truth, "arenas.bin.%u.nregs", bins);
    numbered_lines(truth, "arenas.bin.%u.slab_size", bins);
    numbered_lines(truth, "arenas.bin.%u.nshards", bins);
    numbered_lines(truth, "arenas.lextent.%u.size", number_or_zero("arenas.nlextents"));
    numbered_lines(truth, "arena.%u.initialized", number_or_zero("arenas.narenas"));
}

/* ---- allocations ----------------------------------------------------------------------------- */

/* Since 5.1.0. Up to 5.3.0 it crashes on a pointer that jemalloc never gave out: live ones only. */
static bool arena_of(void *addr, unsigned *arena) {
    size_t got = sizeof(*arena);
    return je_mallctl("arenas.lookup", arena, &got, &addr, sizeof(addr)) == 0;
}

static void allocation_line(struct truth *truth, const struct allocation *block) {
    int flags = block->align == 0 ? 0 : MALLOCX_ALIGN(block->align);
    unsigned arena;
    truth_word(truth, "allocation");
    truth_hex(truth, "addr", (uintptr_t)block->addr);
    truth_hex(truth, "request", block->request);
    truth_hex(truth, "align", block->align);
    truth_hex(truth, "usable", je_malloc_usable_size(block->addr));
    truth_hex(truth, "sallocx", je_sallocx(block->addr, flags));
    /* nallocx(0) is undefined; malloc(0) gives what malloc(1) gives */
    truth_hex(truth, "nallocx", je_nallocx(block->request == 0 ? 1 : block->request, flags));
    if (arena_of(block->addr, &arena)) {
        truth_hex(truth, "arena", arena);
    }
    truth_end(truth);
}

/* Since 5.2.1 (ctl.c, experimental_utilization_batch_query_ctl). The batch call with one pointer,
 * because the call for one reads the bin's current slab as well, and 5.2.1 crashes where there is
 * none (extent_util_stats_verbose_get). Both crash on addresses that are no live allocation's. */
static void query_line(struct truth *truth, void *addr) {
    struct {
        size_t nfree, nregs, size;
    } seen;
    size_t got = sizeof(seen);
    if (je_mallctl("experimental.utilization.batch_query", &seen, &got, &addr, sizeof(addr)) == 0) {
        truth_word(truth, "query");
        truth_hex(truth, "addr", (uintptr_t)addr);
        truth_hex(truth, "size", seen.size);
        truth_hex(truth, "nfree", seen.nfree);
        truth_hex(truth, "nregs", seen.nregs);
        truth_end(truth);
    }
}

void api_write(struct truth *truth, const struct workload *load) {
    mallctl_lines(truth);
    size_t stride = workload_live(load) / QUERIES + 1, seen = 0;
    for (unsigned i = 0; i < load->threads; i++) {
        for (size_t n = 0; n < load->worker[i].count; n++) {
            allocation_line(truth, &load->worker[i].live[n]);
            if (seen++ % stride == 0) {
                query_line(truth, load->worker[i].live[n].addr);
            }
        }
    }
}

/* ---- statistics ------------------------------------------------------------------------------ */

static void stat_line(struct truth *truth, unsigned arena, unsigned bin) {
    char name[80];
    uint64_t regs, slabs;
    snprintf(name, sizeof(name), "stats.arenas.%u.bins.%u.curregs", arena, bin);
    bool both = number(name, &regs);
    snprintf(name, sizeof(name), "stats.arenas.%u.bins.%u.curslabs", arena, bin);
    both = number(name, &slabs) && both;
    if (both) {
        truth_word(truth, "stat");
        truth_hex(truth, "arena", arena);
        truth_hex(truth, "bin", bin);
        truth_hex(truth, "curregs", regs);
        truth_hex(truth, "curslabs", slabs);
        truth_end(truth);
    }
}

/* All numbers are of the moment when the epoch was last written. */
void api_stats(struct truth *truth) {
    uint64_t epoch = 1;
    if (je_mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch)) != 0) {
        die("mallctl epoch fails.");
    }
    uint64_t count = number_or_zero("arenas.narenas"), bins = number_or_zero("arenas.nbins");
    for (unsigned arena = 0; arena < count; arena++) {
        char name[80];
        snprintf(name, sizeof(name), "arena.%u.initialized", arena);
        for (unsigned bin = 0; bin < bins && number_or_zero(name); bin++) {
            stat_line(truth, arena, bin);
        }
    }
}

/* ---- addresses ------------------------------------------------------------------------------- */

static void address_line(struct truth *truth, uintptr_t addr, const char *kind) {
    truth_word(truth, "address");
    truth_hex(truth, "addr", addr);
    truth_text(truth, "kind", kind);
    truth_end(truth);
}

/* Where nothing is mapped, nor was anything of jemalloc's. */
static uintptr_t hole(void) {
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || munmap(page, size) != 0) {
        die("mmap: %s.", strerror(errno));
    }
    return (uintptr_t)page;
}

/* A live address with bits on top that its tree does not look at: it is none, all the same. */
static void non_canonical(struct truth *truth, const struct workload *load) {
    uintptr_t live = (uintptr_t)load->worker[0].live[0].addr;
    unsigned width = 8 * sizeof(uintptr_t);
    if (width == 64) {
        for (unsigned bit = 57; bit < width; bit++) {
            address_line(truth, live | (uintptr_t)1 << bit, "non-canonical");
        }
        address_line(truth, (uintptr_t)UINT64_C(0xdeadbeefdeadbeef), "non-canonical");
    }
}

void api_addresses(struct truth *truth, const struct workload *load) {
    for (unsigned i = 0; i < load->threads; i++) {
        for (size_t n = 0; n < load->worker[i].freed_count; n++) {
            address_line(truth, load->worker[i].freed[n], "freed");
        }
    }
    address_line(truth, 0, "unmapped");
    address_line(truth, 1, "unmapped");
    address_line(truth, 0x1000, "unmapped");
    address_line(truth, hole(), "unmapped");
    non_canonical(truth, load);
}
