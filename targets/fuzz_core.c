/* Target functions: jt_open_bytes on an ELF core, with all that it does before files come in:
 * headers, segments, notes, modules by name; jt_mapped, the reader.
 *
 * Relations: each byte that the reader gives is the one that a naive look through the program
 * headers finds, and each such byte is given; bytes_present, _absent and _truncated are what
 * counting one by one gives; what the notes say is what a naive look through them finds, and no
 * description that runs over its segment's end is taken; segments, once they are sorted, can be
 * read; what cannot be read has a status and a sentence; no file is opened; memory is bounded by
 * the input's size; twice the same.
 *
 * The search for a layout takes a thousand times as long as all this, so one input in 128 has it;
 * the others have a root where nothing is. */
#include <elf.h>

#include "builds.h"
#include "look.h"
#include "memory.h"
#include "private.h"
#include "skeleton.h"

#define LOADS_MAX 48 /* what is compared is quadratic */
#define WHOLE_ONE_IN 128

struct load {
    uint64_t start, end, offset, saved; /* end: of what is mapped; saved: bytes in the file */
};

struct reference {
    struct load load[LOADS_MAX];
    size_t loads;
    uint64_t truncated;
    uint64_t notes_left; /* bytes of notes that are still read: all headers may name the same */
    uint64_t pid;
    struct jt_text own[JT_NOTES + 1]; /* by type */
    bool too_many;
};

/* ---- the naive look ------------------------------------------------------------------------- */

static uint64_t number(const uint8_t *file, size_t at, unsigned size) {
    uint64_t value = 0;
    bool little = file[EI_DATA] == ELFDATA2LSB;
    for (unsigned i = 0; i < size; i++) {
        value = value << 8 | file[at + (little ? size - 1 - i : i)];
    }
    return value;
}

static bool owner_is(const uint8_t *owner, uint64_t len, const char *name) {
    return len == strlen(name) + 1 && memcmp(owner, name, (size_t)len) == 0;
}

/* at: of the description. */
static void take_note(struct reference *r, const uint8_t *file, size_t note, size_t at,
                      uint64_t len) {
    uint64_t name = number(file, note, 4), type = number(file, note + 8, 4);
    bool wide = file[EI_CLASS] == ELFCLASS64;
    if (owner_is(file + note + 12, name, "CORE") && type == NT_PRPSINFO && len >= 124) {
        r->pid = number(file, at + (wide ? 24 : len < 128 ? 12 : 16), 4);
    }
    if (owner_is(file + note + 12, name, JT_NOTE_OWNER) && type <= JT_NOTES &&
        !r->own[type].bytes) {
        r->own[type] = (struct jt_text){(const char *)file + at, (size_t)len};
    }
}

static void take_notes(struct reference *r, const uint8_t *file, size_t size, uint64_t at,
                       uint64_t len) {
    if (at > size || len > size - at || len > r->notes_left) {
        return;
    }
    r->notes_left -= len;
    for (uint64_t end = at + len, next; at + 12 <= end; at = next) {
        uint64_t name = number(file, (size_t)at, 4), desc = number(file, (size_t)at + 4, 4);
        uint64_t from = at + 12 + (name + 3) / 4 * 4;
        next = from + (desc + 3) / 4 * 4;
        if (from + desc > end) {
            return;
        }
        take_note(r, file, (size_t)at, (size_t)from, desc);
    }
}

static void take(struct reference *r, const uint8_t *file, size_t size, size_t at) {
    unsigned w = file[EI_CLASS] == ELFCLASS64 ? 8 : 4;
    uint64_t offset = number(file, at + w, w), start = number(file, at + 2 * w, w);
    uint64_t filesz = number(file, at + 4 * w, w), memsz = number(file, at + 5 * w, w);
    if (number(file, at, 4) == PT_NOTE) {
        take_notes(r, file, size, offset, filesz);
    }
    memsz = memsz < UINT64_MAX - start ? memsz : UINT64_MAX - start; /* up to the last address */
    uint64_t saved = filesz < memsz ? filesz : memsz;
    uint64_t there = offset >= size ? 0 : size - offset < saved ? size - offset : saved;
    if (number(file, at, 4) != PT_LOAD) {
        return;
    }
    r->truncated =
        UINT64_MAX - r->truncated < saved - there ? UINT64_MAX : r->truncated + (saved - there);
    r->too_many = r->loads == LOADS_MAX;
    if (!r->too_many) {
        r->load[r->loads++] = (struct load){start, start + memsz, offset, there};
    }
}

static void read_reference(struct reference *r, const uint8_t *file, size_t size) {
    bool wide = file[EI_CLASS] == ELFCLASS64;
    size_t entry = wide ? 56 : 32;
    uint64_t phoff = number(file, wide ? 32 : 28, wide ? 8 : 4);
    uint64_t count = number(file, wide ? 56 : 44, 2);
    memset(r, 0, sizeof(*r));
    r->notes_left = size;
    r->too_many = count == PN_XNUM; /* is elsewhere */
    for (uint64_t i = 0; i < count && !r->too_many && phoff < size; i++) {
        if (size - phoff < (i + 1) * entry) {
            return;
        }
        take(r, file, size, (size_t)(phoff + i * entry));
    }
}

/* Of overlapping segments the one that starts first has the byte, the longest of several. */
static const struct load *holder(const struct reference *r, uint64_t addr) {
    const struct load *best = NULL;
    for (const struct load *l = r->load; l < r->load + r->loads; l++) {
        if (addr < l->start || addr - l->start >= l->saved) {
            continue;
        }
        if (!best || l->start < best->start ||
            (l->start == best->start &&
             (l->saved > best->saved || (l->saved == best->saved && l->offset < best->offset)))) {
            best = l;
        }
    }
    return best;
}

/* ---- against what was read ------------------------------------------------------------------ */

static void check_byte(const struct jt_target *t, const struct reference *r, const uint8_t *file,
                       uint64_t addr) {
    const struct load *l = holder(r, addr);
    uint8_t byte = 0;
    enum jh_status status = jh_read(&t->heap.reader, addr, &byte, 1, NULL);
    FUZZ_CHECK(status == (l ? JH_OK : JH_ABSENT));
    FUZZ_CHECK(!l || byte == file[l->offset + (addr - l->start)]);
    FUZZ_CHECK(!l || jt_mapped(t, addr));
}

static int by_number(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool mapped(const struct jt_target *t, const struct reference *r, uint64_t addr) {
    const struct jt_private *p = t->priv;
    for (size_t i = 0; i < r->loads; i++) {
        if (addr >= r->load[i].start && addr < r->load[i].end) {
            return true;
        }
    }
    for (size_t i = 0; i < p->mappings; i++) {
        if (addr >= p->mapping[i].start && addr < p->mapping[i].end) {
            return true;
        }
    }
    return false;
}

/* Piece by piece between all borders that there are. */
static void check_counts(const struct jt_target *t, const struct reference *r) {
    uint64_t border[5 * LOADS_MAX], present = 0, all = 0;
    size_t borders = 0;
    for (const struct load *l = r->load; l < r->load + r->loads; l++) {
        border[borders++] = l->start;
        border[borders++] = l->start + l->saved;
        border[borders++] = l->end;
    }
    for (size_t i = 0; i < t->priv->mappings; i++) {
        border[borders++] = t->priv->mapping[i].start;
        border[borders++] = t->priv->mapping[i].end;
    }
    qsort(border, borders, sizeof(border[0]), by_number);
    for (size_t i = 0; i + 1 < borders; i++) {
        uint64_t len = border[i + 1] - border[i];
        present += holder(r, border[i]) ? len : 0;
        all += mapped(t, r, border[i]) ? len : 0;
    }
    FUZZ_CHECK(t->bytes_present == present);
    FUZZ_CHECK(t->bytes_absent == all - present);
}

static void check_segments(const struct jt_target *t, const uint8_t *file, size_t size) {
    const struct jt_private *p = t->priv;
    for (size_t i = 0; i < p->segments; i++) {
        const struct jh_segment *s = &p->segment[i];
        uint8_t byte;
        FUZZ_CHECK(s->len && s->bytes >= file && s->len <= size &&
                   (size_t)(s->bytes - file) <= size - s->len);
        FUZZ_CHECK(!i || (s[-1].addr < s->addr && s[-1].len <= s->addr - s[-1].addr));
        FUZZ_CHECK(jh_read(&t->heap.reader, s->addr + s->len - 1, &byte, 1, NULL) == JH_OK &&
                   byte == s->bytes[s->len - 1]);
    }
    for (size_t i = 0; i < p->mapped_count; i++) {
        const struct jt_range *m = &p->mapped[i];
        FUZZ_CHECK(m->start < m->end && (!i || m[-1].end < m->start));
    }
}

static void check_reference(const struct jt_target *t, const uint8_t *file, size_t size) {
    struct reference r;
    read_reference(&r, file, size);
    if (r.too_many) {
        return;
    }
    FUZZ_CHECK(jt_is_skeleton(t) || t->bytes_truncated == r.truncated);
    FUZZ_CHECK(jt_is_skeleton(t) || t->pid == (r.pid <= INT32_MAX ? (int)r.pid : 0));
    for (size_t i = 0; i <= JT_NOTES; i++) {
        FUZZ_CHECK(t->priv->note[i].bytes == r.own[i].bytes &&
                   t->priv->note[i].size == r.own[i].size);
    }
    for (const struct load *l = r.load; l < r.load + r.loads; l++) {
        const uint64_t at[] = {l->start - 1, l->start, l->start + l->saved / 2,
                               l->start + l->saved - 1, l->start + l->saved};
        for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
            check_byte(t, &r, file, at[i]);
        }
    }
    if (t->priv->mappings < LOADS_MAX) {
        check_counts(t, &r);
    }
}

/* ---- the target ----------------------------------------------------------------------------- */

static struct jt_elf *no_file(void *arg, const char *name) {
    (void)arg;
    FUZZ_CHECK(name[0]);
    return NULL;
}

static bool same(const struct jt_target *a, const struct jt_target *b) {
    return a->status == b->status && strcmp(a->error, b->error) == 0 &&
           a->warnings == b->warnings && a->modules == b->modules && a->pid == b->pid &&
           a->bytes_present == b->bytes_present && a->bytes_absent == b->bytes_absent &&
           a->heap.rtree_root == b->heap.rtree_root && a->verified == b->verified &&
           strcmp(a->layout_name, b->layout_name) == 0;
}

/* layout: NULL when the heap is not to be looked at. */
static void check(struct jt_target *t, const struct jh_layout *layout, uint64_t root,
                  const uint8_t *file, size_t size) {
    FUZZ_CHECK((t->status == JT_OK) == (t->error[0] == 0));
    FUZZ_CHECK(t->status != JT_OK || jh_layout_check(&t->layout, NULL) == JH_OK);
    if (!t->heap.reader.read) {
        FUZZ_CHECK(t->status == JT_UNREADABLE && !strstr(t->error, "segments cannot be read"));
        return;
    }
    check_segments(t, file, size);
    check_reference(t, file, size);
    if (layout) {
        fuzz_look(&t->heap.reader, layout, root);
    }
    if (t->status == JT_OK && layout) {
        fuzz_look(&t->heap.reader, &t->layout, t->heap.rtree_root);
        (void)jt_is_metadata(t, root);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    const struct jh_layout *layout = fuzz_layout(&in);
    struct jt_target *t, *again;
    char name[128];
    uint8_t flags = fuzz_byte(&in);
    uint64_t root = fuzz_take(&in, 8);
    bool whole = fuzz_one_in(WHOLE_ONE_IN, data, size);
    jt_layout_name(&layout->build, name, sizeof(name));
    struct jt_options options = {.target = "core",
                                 .layout = flags & 1 ? name : NULL,
                                 .root = whole ? root : UINT64_MAX,
                                 .root_given = !whole || flags & 2,
                                 .unverified = flags & 4};
    struct jt_bytes bytes = {in.data, in.size, {no_file, NULL}};
    fuzz_memory_start();
    enum jt_status status = jt_open_bytes(&options, &bytes, &t);
    fuzz_memory_check(in.size);
    FUZZ_CHECK(t && t->status == status && jt_open_bytes(&options, &bytes, &again) == status);
    FUZZ_CHECK(same(t, again));
    check(t, whole ? layout : NULL, root, in.data, in.size);
    jt_close(t);
    jt_close(again);
    return 0;
}
