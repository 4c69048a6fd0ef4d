/* heap_view.c - patches and readers of one execution. */
#include "heap_view.h"

/* ---- patches --------------------------------------------------------------------------------- */

static bool in_user_page(const struct heap_image *image, const struct heap_patch *p) {
    return image->place[p->place % image->places].kind == HEAP_PLACE_USER && p->offset >= 0;
}

static void patch(struct heap_view *v, const struct heap_patch *p) {
    uint64_t addr;
    uint8_t *at = heap_patch_at(v->image, p, &addr);
    if (!at) {
        return;
    }
    v->user_only = v->user_only && in_user_page(v->image, p);
    v->undo[v->undos].at = at;
    v->undo[v->undos].len = p->len;
    memcpy(v->undo[v->undos++].old, at, p->len);
    memcpy(at, p->bytes, p->len);
    v->reference.changed[v->reference.changes++] = (struct heap_range){addr, p->len};
}

void heap_view_close(struct heap_view *v) {
    while (v->undos) {
        v->undos--;
        memcpy(v->undo[v->undos].at, v->undo[v->undos].old, v->undo[v->undos].len);
    }
    while (v->lent_count) {
        free(v->lent[--v->lent_count]);
    }
}

/* ---- segments -------------------------------------------------------------------------------- */

static void add_segment(struct jh_image *image, struct jh_segment *room, uint64_t addr,
                        const uint8_t *bytes, uint64_t len) {
    if (len) {
        FUZZ_CHECK(image->count < HEAP_SEGMENTS_MAX);
        room[image->count++] = (struct jh_segment){addr, bytes, len};
    }
}

/* Adds the segments of a region, without the hole. */
static void add_region(struct heap_view *v, const struct heap_region *r) {
    const struct heap_range *h = v->reference.hole;
    uint64_t end = r->addr + r->len;
    uint64_t from = v->reference.holes && h->addr > r->addr ? h->addr : r->addr;
    uint64_t to = v->reference.holes && h->addr + h->len < end ? h->addr + h->len : end;
    if (!v->reference.holes || from >= to) {
        from = to = end;
    }
    add_segment(&v->plain_image, v->plain, r->addr, r->bytes, from - r->addr);
    add_segment(&v->plain_image, v->plain, to, r->bytes + (to - r->addr), end - to);
}

/* Cuts segments into pieces of one size that is no multiple of a page. */
static void cut_segments(struct heap_view *v, uint8_t cut) {
    uint64_t total = 0, piece;
    for (size_t i = 0; i < v->plain_image.count; i++) {
        total += v->plain[i].len;
    }
    piece = total / (HEAP_SEGMENTS_MAX / 2) + 1;
    piece += (UINT64_C(1) << cut % 22) + cut / 22;
    for (size_t i = 0; i < v->plain_image.count; i++) {
        struct jh_segment s = v->plain[i];
        for (uint64_t at = 0; at < s.len; at += piece) {
            uint64_t len = s.len - at < piece ? s.len - at : piece;
            add_segment(&v->cut_image, v->cut, s.addr + at, s.bytes + at, len);
        }
    }
}

void heap_view_open(struct heap_view *v, struct heap_image *image, struct fuzz_input *payload,
                    const struct heap_input *input) {
    struct heap_patch p;
    v->image = image;
    v->undos = v->stirred = v->lent_count = 0;
    v->reference = (struct reference){.image = image};
    v->user_only = true;
    v->chunk = (size_t)16 << input->chunk % 12;
    v->gathers = input->chunk & 0x80;
    for (unsigned i = 0; i < HEAP_PATCHES_MAX && heap_patch_take(payload, &p); i++) {
        patch(v, &p);
    }
    if (input->hole_len) {
        uint64_t at = image->place[input->hole % image->places].addr;
        v->reference.hole[v->reference.holes++] = (struct heap_range){
            at - input->hole_len / 32 * 8U, UINT64_C(1) << input->hole_len % 20};
        v->user_only = false;
    }
    v->plain_image = (struct jh_image){.segment = v->plain};
    v->cut_image = (struct jh_image){.segment = v->cut};
    for (size_t i = 0; i < image->regions; i++) {
        add_region(v, &image->region[i]);
    }
    FUZZ_CHECK(jh_image_reader(&v->plain_image, &v->under, NULL) == JH_OK);
    if (input->what & HEAP_CUT) {
        cut_segments(v, input->cut);
    }
}

/* ---- readers --------------------------------------------------------------------------------- */

void heap_view_plain(struct heap_view *v, struct jh_reader *out) {
    *out = v->under;
}

void heap_view_cut(struct heap_view *v, struct jh_reader *out) {
    FUZZ_CHECK(jh_image_reader(&v->cut_image, out, NULL) == JH_OK);
}

static enum jh_status copy(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct heap_view *v = arg;
    return v->under.read(v->under.arg, addr, dst, len, got);
}

/* Reads many spans, as a reader with process_vm_readv() does: absent spans are no error. */
static enum jh_status gather(void *arg, struct jh_span *span, size_t count) {
    for (size_t i = 0; i < count; i++) {
        span[i].got = 0;
        if (span[i].addr + span[i].len >= span[i].addr) {
            (void)copy(arg, span[i].addr, span[i].dst, span[i].len, &span[i].got);
        }
    }
    return JH_OK;
}

/* Lends nothing across a multiple of the chunk, so that some reads are lent and others copied. */
static const void *lend_exact(void *arg, uint64_t addr, size_t len) {
    struct heap_view *v = arg;
    size_t got;
    if (v->lent_count == HEAP_EXACT_MAX || len > HEAP_EXACT_MAX ||
        addr % v->chunk + len > v->chunk) {
        return NULL;
    }
    void *bytes = malloc(len ? len : 1);
    FUZZ_CHECK(bytes);
    v->lent[v->lent_count++] = bytes;
    return copy(v, addr, bytes, len, &got) == JH_OK ? bytes : NULL;
}

void heap_view_copy(struct heap_view *v, struct jh_reader *out) {
    *out = (struct jh_reader){.read = copy, .gather = v->gathers ? gather : NULL, .arg = v};
}

void heap_view_exact(struct heap_view *v, struct jh_reader *out) {
    *out = (struct jh_reader){.read = copy, .lend = lend_exact, .arg = v};
}

/* ---- memory that changes --------------------------------------------------------------------- */

static void swap(struct heap_view *v, size_t undo) {
    for (size_t i = 0; i < v->undo[undo].len; i++) {
        uint8_t now = v->undo[undo].at[i];
        v->undo[undo].at[i] = v->undo[undo].old[i];
        v->undo[undo].old[i] = now;
    }
}

static struct heap_view *stirred(void *arg) {
    struct heap_view *v = arg;
    swap(v, v->stirred++ % v->undos);
    return v;
}

static enum jh_status read_changing(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    return copy(stirred(arg), addr, dst, len, got);
}

static enum jh_status gather_changing(void *arg, struct jh_span *span, size_t count) {
    return gather(stirred(arg), span, count);
}

static const void *lend_changing(void *arg, uint64_t addr, size_t len) {
    const struct heap_view *v = stirred(arg);
    return v->under.lend(v->under.arg, addr, len);
}

void heap_view_changing(struct heap_view *v, bool lends, struct jh_reader *out) {
    *out = (struct jh_reader){.read = read_changing,
                              .lend = lends ? lend_changing : NULL,
                              .gather = !lends && v->gathers ? gather_changing : NULL,
                              .arg = v};
}

/* Patches may overlap, so the last one is restored first. */
void heap_view_still(struct heap_view *v) {
    while (v->stirred) {
        swap(v, --v->stirred % v->undos);
    }
}
