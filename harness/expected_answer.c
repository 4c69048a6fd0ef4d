#include "expected_answer.h"

#include <string.h>

static uint64_t constant(const struct truth *truth, const char *name) {
    uint64_t value = 0;
    return truth_constant(truth, name, &value) ? value : 0;
}

static uint64_t of(const struct truth_record *extent, enum truth_key key) {
    return truth_get(TRUTH_EXTENT, extent, key);
}

const struct truth_record *expect_extent(const struct truth *truth, uint64_t addr) {
    const struct truth_list *list = &truth->list[TRUTH_EXTENT];
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct truth_record *e = &list->record[middle];
        if (addr < of(e, KEY_BASE)) {
            high = middle;
        } else if (addr >= of(e, KEY_BASE) + of(e, KEY_SIZE)) {
            low = middle + 1;
        } else {
            return e;
        }
    }
    return NULL;
}

const struct truth_record *expect_slab(const struct truth *truth, uint64_t extent) {
    const struct truth_list *list = &truth->list[TRUTH_SLAB];
    size_t low = 0, high = list->count;
    while (low < high) { /* sorted by truth_load */
        size_t middle = low + (high - low) / 2;
        uint64_t at = truth_get(TRUTH_SLAB, &list->record[middle], KEY_EXTENT);
        if (at == extent) {
            return &list->record[middle];
        }
        if (at < extent) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

bool expect_held(const struct truth_record *slab, uint64_t index) {
    char digit = slab->text[index / 4];
    int value = digit <= '9' ? digit - '0' : digit - 'a' + 10;
    return value >> (index % 4) & 1;
}

/* The name of a state. Builds number states differently; the witness writes the names. */
static const char *state_word(const struct truth *truth, uint64_t state) {
    static const struct {
        const char *name, *word;
    } row[] = {{"STATE_DIRTY", "dirty"},           {"STATE_MUZZY", "muzzy"},
               {"STATE_RETAINED", "retained"},     {"STATE_PINNED", "pinned"},
               {"STATE_TRANSITION", "transition"}, {"STATE_MERGING", "merging"}};
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        uint64_t value;
        if (truth_constant(truth, row[i].name, &value) && value == state) {
            return row[i].word;
        }
    }
    return "unallocated";
}

static struct expected in_slab(const struct truth *truth, const struct truth_record *extent,
                               uint64_t addr) {
    struct expected x = {.extent = extent};
    const struct truth_list *bins = &truth->list[TRUTH_BIN];
    uint64_t szind = of(extent, KEY_SZIND);
    const struct truth_record *slab = expect_slab(truth, of(extent, KEY_AT));
    if (szind >= bins->count || !slab) {
        x.why = "a slab that the witness has no bin or bitmap for";
        return x;
    }
    uint64_t reg = truth_get(TRUTH_BIN, &bins->record[szind], KEY_REG_SIZE);
    x.region_index = (addr - of(extent, KEY_BASE)) / reg;
    if (x.region_index >= truth_get(TRUTH_SLAB, slab, KEY_NREGS)) {
        x.why = "beyond the usable size";
        return x;
    }
    x.use = expect_held(slab, x.region_index) ? "held" : "free";
    x.start = of(extent, KEY_BASE) + x.region_index * reg;
    x.size = reg;
    return x;
}

static struct expected in_large(const struct truth_record *extent, uint64_t addr) {
    struct expected x = {.extent = extent, .use = "held"};
    x.start = of(extent, KEY_ADDR);
    x.size = of(extent, KEY_USIZE);
    if (addr < x.start) {
        x.why = "before the allocation";
    } else if (addr - x.start >= x.size) {
        x.why = "beyond the usable size";
    }
    return x;
}

static bool non_canonical(const struct truth *truth, uint64_t addr) {
    uint64_t vaddr = constant(truth, "LG_VADDR");
    if (vaddr < 1 || vaddr >= UINT64_C(8) << constant(truth, "LG_SIZEOF_PTR")) {
        return false; /* jeheap compares all bits of an address */
    }
    uint64_t top = addr >> (vaddr - 1);
    return top != 0 && top != UINT64_MAX >> (vaddr - 1);
}

struct expected expect(const struct truth *truth, uint64_t addr) {
    struct expected x = {0};
    if (addr >> constant(truth, "LG_PAGE") == 0) {
        x.why = "null";
        return x;
    }
    if (non_canonical(truth, addr)) {
        x.why = "non-canonical";
        return x;
    }
    const struct truth_record *extent = expect_extent(truth, addr);
    if (!extent) {
        x.why = "no leaf";
        return x;
    }
    bool active = of(extent, KEY_STATE) == constant(truth, "STATE_ACTIVE");
    if (active && of(extent, KEY_SZIND) != constant(truth, "SC_NSIZES")) {
        return of(extent, KEY_SLAB) ? in_slab(truth, extent, addr) : in_large(extent, addr);
    }
    x.extent = extent;
    x.use = active ? "unallocated" : state_word(truth, of(extent, KEY_STATE));
    x.start = of(extent, KEY_BASE);
    x.size = of(extent, KEY_SIZE);
    return x;
}
