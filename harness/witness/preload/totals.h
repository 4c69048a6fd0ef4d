/* totals: what jemalloc's statistics say of extents, for programs whose every allocation nobody
 * knows. */
#ifndef TOTALS_H
#define TOTALS_H

#include "witness.h"

/* After an epoch write (api_stats). Lines mallctl; a * in a name is the sum over all. */
void totals_write(struct truth *truth);

#endif
