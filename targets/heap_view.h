/* heap_view.h - an image as one execution sees it: patched, with parts left out, and read in other
 * ways. All of it is undone when the execution ends. */
#ifndef JEHEAP_HEAP_VIEW_H
#define JEHEAP_HEAP_VIEW_H

#include "heap_input.h"
#include "reference.h"

#define HEAP_SEGMENTS_MAX 2048
#define HEAP_EXACT_MAX 4096 /* copies that one execution lends, and bytes of one at most */

struct heap_view {
    struct heap_image *image;
    struct reference reference; /* what was changed and left out is in there */
    bool user_only;             /* only the program's own memory was changed, nothing left out */
    struct {
        uint8_t *at, old[HEAP_PATCH_MAX];
        size_t len;
    } undo[HEAP_PATCHES_MAX];
    size_t undos, stirred;
    size_t chunk;               /* the exact reader lends nothing across its multiples */
    bool gathers;               /* the copying reader can do many reads at once */
    struct jh_reader under;     /* of the plain image */
    void *lent[HEAP_EXACT_MAX]; /* by the exact reader, until the execution ends */
    size_t lent_count;
    struct jh_segment plain[HEAP_SEGMENTS_MAX], cut[HEAP_SEGMENTS_MAX];
    struct jh_image plain_image, cut_image;
};

void heap_view_open(struct heap_view *view, struct heap_image *image, struct fuzz_input *payload,
                    const struct heap_input *input);
void heap_view_close(struct heap_view *view);

/* The same bytes: as few segments as there are, cut into more of them, copied only, lent as copies
 * with nothing readable behind them. */
void heap_view_plain(struct heap_view *view, struct jh_reader *out);
void heap_view_cut(struct heap_view *view, struct jh_reader *out);
void heap_view_copy(struct heap_view *view, struct jh_reader *out);
void heap_view_exact(struct heap_view *view, struct jh_reader *out);

/* Not the same bytes: before each read a patch is taken back, or made again, as in a process that
 * runs; or, lent, in one's own memory. Until it is still. */
void heap_view_changing(struct heap_view *view, bool lends, struct jh_reader *out);
void heap_view_still(struct heap_view *view);

#endif
