/* command_vectors.h - vectors against a decoder, those of corpora/vectors or of live builds. */
#ifndef JEHEAP_COMMAND_VECTORS_H
#define JEHEAP_COMMAND_VECTORS_H

#include "arguments.h"
#include "matrix.h"
#include "run.h"

int command_vectors(struct arguments *a, const struct matrix *matrix);

/* `run --decoder`: the cells' vectors are made anew, in a folder that is removed afterwards. */
int command_run_decoder(struct arguments *a, const struct matrix *matrix,
                        const struct cell_list *list);

#endif
