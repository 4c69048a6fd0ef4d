/* heap_view.h - a view of a heap image for one execution: patched, with a hole, and with several
 * readers. The patches are undone when the execution ends. */
#ifndef JEHEAP_HEAP_VIEW_H
#define JEHEAP_HEAP_VIEW_H

#include "heap_input.h"
#include "reference.h"

#define HEAP_SEGMENTS_MAX 2048
#define HEAP_EXACT_MAX 4096 /* copies that the exact reader lends, and bytes of a copy */

struct heap_view {
    struct heap_image *image;
    struct reference reference; /* knows the changed memory and the hole */
    bool user_only; /* patches changed only the program's memory, and there is no hole */
    struct {
        uint8_t *at, old[HEAP_PATCH_MAX];
        size_t len;
    } undo[HEAP_PATCHES_MAX];
    size_t undos, stirred;
    size_t chunk;               /* the exact reader lends nothing across multiples of chunk */
    bool gathers;               /* the copying reader can do many reads in one call */
    struct jh_reader under;     /* reads the plain image */
    void *lent[HEAP_EXACT_MAX]; /* copies that the exact reader has lent */
    size_t lent_count;
    struct jh_segment plain[HEAP_SEGMENTS_MAX], cut[HEAP_SEGMENTS_MAX];
    struct jh_image plain_image, cut_image;
};

void heap_view_open(struct heap_view *view, struct heap_image *image, struct fuzz_input *payload,
                    const struct heap_input *input);
void heap_view_close(struct heap_view *view);

/* Readers of the same bytes: plain, in few segments; cut, in many segments; copy, which does not
 * lend; exact, which lends copies with nothing readable behind them. */
void heap_view_plain(struct heap_view *view, struct jh_reader *out);
void heap_view_cut(struct heap_view *view, struct jh_reader *out);
void heap_view_copy(struct heap_view *view, struct jh_reader *out);
void heap_view_exact(struct heap_view *view, struct jh_reader *out);

/* A reader of memory that changes, as that of a running process: before each read a patch is undone
 * or made again. heap_view_still() makes all patches again. */
void heap_view_changing(struct heap_view *view, bool lends, struct jh_reader *out);
void heap_view_still(struct heap_view *view);

#endif
