/* A target of which nothing is known yet: 64 bits, little endian, no file behind it. */
#ifndef TESTS_BLANK_TARGET_H
#define TESTS_BLANK_TARGET_H

#include "open/inside.h"

/* Whatever the three held is forgotten. */
static inline void blank_target(struct jt_target *target, struct jt_private *priv,
                                struct jt_layers *layers) {
    *target = (struct jt_target){.priv = priv};
    *priv = (struct jt_private){.words = 8, .little_endian = true, .core_fd = -1};
    *layers = (struct jt_layers){0};
    jt_layers_join(priv, layers);
}

#endif
