/* skeleton_places.c - the note on where arenas are, for those of which the skeleton has the bytes
 * (skeleton_own.c). */
#include "skeleton/inside.h"

/* Words of 8 bytes in the target's byte order. Of each arena of the note of arenas: the addresses
 * of its arena_t and its base_t. 0: the skeleton lacks them. */
#define OF_ARENA 2u

void jt_places_note(const struct jt_target *target, FILE *file) {
    const struct jt_arenas *all = &target->priv->base->arenas;
    for (size_t i = 0; i < all->count; i++) {
        bool kept = jt_arena_is_kept(target, &all->arena[i]);
        jt_word_put(target, file, kept ? all->arena[i].at : 0);
        jt_word_put(target, file, kept ? all->arena[i].base : 0);
    }
}

bool jt_places_note_read(struct jt_target *target) {
    struct jt_arenas *all = &target->priv->base->arenas;
    const struct jt_text *note = &target->priv->note[JT_NOTE_PLACES];
    struct jt_words w = {target, (const uint8_t *)note->bytes};
    if (w.at == NULL) {
        jt_warn(target,
                "%s: a skeleton of an older jeheap: it lacks arenas and options, so what "
                "they count, their lists and their settings are not known; a new one has "
                "them",
                target->path);
        target->priv->file_warnings = target->warnings;
        return true;
    }
    if (note->size != 8 * OF_ARENA * all->count) {
        return false;
    }
    for (size_t i = 0; i < all->count; i++) {
        all->arena[i].at = jt_word_next(&w);
        all->arena[i].base = jt_word_next(&w);
    }
    return true;
}
