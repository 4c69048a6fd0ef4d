/* struct: how a compiler lays out jemalloc's structs on a machine. The rows say what is in them,
 * the build says how large and how aligned words are; offsets and sizes follow. */
#include "internal.h"
#include "struct_rows.h"

#include <string.h>

#define CACHELINE 64

struct shape {
    uint64_t size; /* bytes */
    uint32_t align;
};

/* Anonymous structs in structs nest no deeper than this. */
#define DEPTH_MAX 8

static bool in_version(enum jh_version version, unsigned from, unsigned to) {
    return (unsigned)version >= from && (to == 0 || (unsigned)version <= to);
}

/* The struct of that type in this version; NULL: it has none, or the type is one of the machine's.
 */
static const struct jh_rows *rows_of(const struct jh_layout *l, enum jh_type type) {
    static const struct jh_rows *(*const source[])(enum jh_type) = {jh_rows_common, jh_rows_5_0,
                                                                    jh_rows_5_3};
    if (type <= T_PTHREAD_MUTEX) {
        return NULL;
    }
    for (unsigned i = 0; i < sizeof(source) / sizeof(source[0]); i++) {
        const struct jh_rows *rows = source[i](type);
        if (rows && in_version(l->build.version, rows->from, rows->to)) {
            return rows;
        }
    }
    return NULL;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static unsigned lg_bitmap_maxbits(const struct jh_layout *l) {
    unsigned lg = jh_lg_ceil(l->sc_nsizes);
    return lg > l->sc_lg_slab_maxregs ? lg : l->sc_lg_slab_maxregs;
}

/* bitmap.h: BITMAP_USE_TREE. */
static bool bitmap_tree(const struct jh_layout *l) {
    return lg_bitmap_maxbits(l) > l->lg_sizeof_ptr + 6U;
}

/* bitmap.h: BITMAP_GROUPS. The levels are as many as the largest bitmap needs. */
static uint64_t bitmap_groups(const struct jh_layout *l, uint64_t bits) {
    unsigned lg_group = l->lg_sizeof_ptr + 3U, lg_max = lg_bitmap_maxbits(l);
    uint64_t total = 0;
    for (unsigned covered = 0; covered < lg_max; covered += lg_group) {
        bits = (bits + (UINT64_C(1) << lg_group) - 1) >> lg_group;
        total += bits;
        if (!bitmap_tree(l)) {
            break;
        }
    }
    return total;
}

/* fb.h: FB_NGROUPS. */
static uint64_t fb_groups(const struct jh_layout *l, uint64_t bits) {
    return (bits + l->sc_ptr_bits - 1) / l->sc_ptr_bits;
}

/* tcache_types.h: the classes up to a limit that was 8 MiB, and depends on the page since 5.3.1. */
static uint64_t tcache_nbins_max(const struct jh_layout *l) {
    unsigned lg_large_min = l->build.lg_page + 2U;
    unsigned lg_limit = jh_family(l->build.version)->tcache_by_page ? lg_large_min + 1 : 23;
    return l->sc_nbins + 4U * (lg_limit - lg_large_min) + 1;
}

static uint64_t count_number(const struct jh_layout *l, unsigned count) {
    switch (count) {
    case N_NONE:
        return 0;
    case N_NBINS:
        return l->sc_nbins;
    case N_NSIZES:
        return l->sc_nsizes;
    case N_NLARGE:
        return (uint64_t)l->sc_nsizes - l->sc_nbins;
    case N_NPSIZES_1:
        return l->sc_npsizes + UINT64_C(1);
    case N_BITMAP_GROUPS_MAX:
        return bitmap_groups(l, UINT64_C(1) << lg_bitmap_maxbits(l));
    case N_BITMAP_GROUPS_NPSIZES_1:
        return bitmap_groups(l, l->sc_npsizes + UINT64_C(1));
    case N_FB_GROUPS_NPSIZES_1:
        return fb_groups(l, l->sc_npsizes + UINT64_C(1));
    case N_FB_GROUPS_64:
        return fb_groups(l, 64);
    case N_FB_GROUPS_128:
        return fb_groups(l, 128);
    case N_TCACHE_NBINS_MAX:
        return tcache_nbins_max(l);
    case N_RTREE_ROOT:
        return UINT64_C(1) << l->rtree_level[0].bits;
    default:
        return count;
    }
}

/* ---- layout --------------------------------------------------------------------------------- */

static unsigned conditions(const struct jh_layout *l) {
    return (l->build.debug ? W_DEBUG : W_NOT_DEBUG) | (l->build.pointer_size == 4 ? W_PTR4 : 0U) |
           (l->build.prof ? W_PROF : 0U) | (l->build.stats ? W_STATS : 0U) |
           (bitmap_tree(l) ? W_TREE : W_FLAT) |
           (l->rtree_nhib >= jh_lg_ceil(l->sc_nsizes) ? W_COMPACT : W_WIDE) | W_CACHELINE;
}

static struct shape basic(const struct jh_layout *l, enum jh_type type) {
    const struct jh_build *b = &l->build;
    switch (type) {
    case T_U8:
        return (struct shape){1, 1};
    case T_U16:
        return (struct shape){2, 2};
    case T_U32:
        return (struct shape){4, 4};
    case T_U64:
        return (struct shape){8, b->u64_align};
    case T_WORD:
        return (struct shape){b->pointer_size, b->pointer_size};
    default: /* T_PTHREAD_MUTEX: every version has the structs of its rows */
        return (struct shape){b->pthread_mutex_size, b->pointer_size};
    }
}

static uint64_t align_up(uint64_t offset, uint64_t align) {
    return (offset + align - 1) & (~align + 1);
}

/* A place in a struct, and what the struct takes up so far. */
struct cursor {
    const struct jh_rows *rows;
    uint64_t offset; /* of the row that was last stepped on */
    uint64_t end;    /* behind it, in a union behind the largest */
    uint32_t align;
    unsigned next; /* row */
};

static struct shape shape_of(const struct jh_layout *l, enum jh_type type, unsigned depth);

/* Step on the next row that this build has; NULL at the end. */
static const struct jh_row *next_row(const struct jh_layout *l, struct cursor *c,
                                     struct shape *shape, unsigned depth) {
    while (c->next < c->rows->count) {
        const struct jh_row *row = &c->rows->row[c->next++];
        if (!in_version(l->build.version, row->from, row->to) ||
            (row->when && row->when & ~conditions(l))) { /* most have none */
            continue;
        }
        *shape = shape_of(l, (enum jh_type)row->type, depth + 1);
        uint32_t align = row->when & W_CACHELINE ? CACHELINE : shape->align; /* no shape has more */
        c->offset = c->rows->is_union ? 0 : align_up(c->end, align);
        uint64_t end = c->offset + shape->size * count_number(l, row->count);
        c->end = c->end > end ? c->end : end;
        c->align = c->align > align ? c->align : align;
        return row;
    }
    return NULL;
}

static struct cursor start_rows(const struct jh_rows *rows) {
    return (struct cursor){rows, 0, 0, 1, 0};
}

/* Structs hold structs, never themselves: the depth is that of the rows. */
static struct shape shape_of(const struct jh_layout *l, enum jh_type type, unsigned depth) {
    const struct jh_rows *rows = rows_of(l, type);
    struct shape shape;
    if (!rows || depth > DEPTH_MAX) {
        return basic(l, type);
    }
    struct cursor c = start_rows(rows);
    while (next_row(l, &c, &shape, depth)) {
    }
    return (struct shape){align_up(c.end, c.align), c.align};
}

static bool is_it(const struct jh_row *row, const char *name, size_t len, size_t *index) {
    if (name) {
        return strlen(row->name) == len && memcmp(row->name, name, len) == 0;
    }
    return (*index)-- == 0;
}

/* Where in the struct is the index-th member, or the one with the name? Unnamed structs are looked
 * into. *index counts down over the members that are passed. */
static const struct jh_row *find_row(const struct jh_layout *l, const struct jh_rows *rows,
                                     const char *name, size_t len, size_t *index, uint64_t *offset,
                                     struct shape *shape, unsigned depth) {
    struct cursor c = start_rows(rows);
    const struct jh_row *row;
    uint64_t base = *offset;
    while (depth < DEPTH_MAX && (row = next_row(l, &c, shape, depth)) != NULL) {
        const struct jh_rows *inner = rows_of(l, (enum jh_type)row->type);
        *offset = base + c.offset;
        if (inner && !row->name) {
            struct shape of_inner = *shape;
            row = find_row(l, inner, name, len, index, offset, &of_inner, depth + 1);
            if (row) {
                *shape = of_inner;
                return row;
            }
        } else if (row->name[0] && is_it(row, name, len, index)) {
            return row;
        }
    }
    return NULL;
}

/* ---- for callers ---------------------------------------------------------------------------- */

static const struct jh_rows *rows_named(const struct jh_layout *l, const char *name) {
    for (unsigned t = T_PTHREAD_MUTEX + 1; t < T_TYPES; t++) {
        const struct jh_rows *rows = rows_of(l, (enum jh_type)t);
        if (rows && rows->name && strcmp(rows->name, name) == 0) {
            return rows;
        }
    }
    return NULL;
}

const char *jh_struct_name(const struct jh_layout *layout, size_t index) {
    for (unsigned t = T_PTHREAD_MUTEX + 1; t < T_TYPES; t++) {
        const struct jh_rows *rows = rows_of(layout, (enum jh_type)t);
        if (rows && rows->name && index-- == 0) {
            return rows->name;
        }
    }
    return NULL;
}

static enum jh_status unsupported(struct jh_fault *fault, const char *rule) {
    return jh_fail(fault, JH_UNSUPPORTED, JH_STAGE_LAYOUT, 0, 0, rule);
}

static enum jh_status size_of(const struct jh_layout *layout, const struct jh_rows *rows,
                              uint64_t *size, uint32_t *align, struct jh_fault *fault) {
    struct shape shape;
    if (!rows) {
        return unsupported(fault, "struct.name");
    }
    struct cursor c = start_rows(rows);
    while (next_row(layout, &c, &shape, 0)) {
    }
    *size = align_up(c.end, c.align);
    *align = c.align;
    return JH_OK;
}

enum jh_status jh_struct_size(const struct jh_layout *layout, const char *name, uint64_t *size,
                              uint32_t *align, struct jh_fault *fault) {
    return size_of(layout, rows_named(layout, name), size, align, fault);
}

unsigned jh_type_size(const struct jh_layout *layout, enum jh_type type) {
    uint64_t size = 0;
    uint32_t align;
    enum jh_status status = size_of(layout, rows_of(layout, type), &size, &align, NULL);
    (void)status;
    return (unsigned)size;
}

static void give_member(const struct jh_layout *l, const struct jh_row *row, uint64_t offset,
                        const struct shape *shape, struct jh_member *out) {
    const struct jh_rows *inner = rows_of(l, (enum jh_type)row->type);
    *out = (struct jh_member){row->name, inner ? inner->name : NULL, offset, shape->size,
                              count_number(l, row->count)};
}

enum jh_status jh_struct_nth(const struct jh_layout *layout, const char *name, size_t index,
                             struct jh_member *out) {
    const struct jh_rows *rows = rows_named(layout, name);
    struct shape shape = {0, 1};
    uint64_t offset = 0;
    if (!rows) {
        return JH_UNSUPPORTED;
    }
    const struct jh_row *row = find_row(layout, rows, NULL, 0, &index, &offset, &shape, 0);
    if (!row) {
        return JH_END;
    }
    give_member(layout, row, offset, &shape, out);
    return JH_OK;
}

static enum jh_status member_of(const struct jh_layout *layout, const struct jh_rows *rows,
                                const char *path, struct jh_member *out, struct jh_fault *fault) {
    const struct jh_row *row = NULL;
    struct shape shape = {0, 1};
    uint64_t offset = 0;
    if (!rows) {
        return unsupported(fault, "struct.name");
    }
    for (;;) {
        size_t len = strcspn(path, "."), none = 0;
        row = rows ? find_row(layout, rows, path, len, &none, &offset, &shape, 0) : NULL;
        if (!row) {
            return unsupported(fault, "struct.member");
        }
        if (!path[len]) {
            break;
        }
        path += len + 1;
        rows = rows_of(layout, (enum jh_type)row->type);
    }
    give_member(layout, row, offset, &shape, out);
    return JH_OK;
}

enum jh_status jh_struct_member(const struct jh_layout *layout, const char *name, const char *path,
                                struct jh_member *out, struct jh_fault *fault) {
    return member_of(layout, rows_named(layout, name), path, out, fault);
}

unsigned jh_type_offset(const struct jh_layout *layout, enum jh_type type, const char *path) {
    struct jh_member m = {0};
    enum jh_status status = member_of(layout, rows_of(layout, type), path, &m, NULL);
    (void)status;
    return (unsigned)m.offset;
}
