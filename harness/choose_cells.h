/* choose_cells.h - chooses the cells of the matrix that a command line asks for. */
#ifndef JEHEAP_CHOOSE_CELLS_H
#define JEHEAP_CHOOSE_CELLS_H

#include "arguments.h"
#include "matrix.h"
#include "run.h"

/* Gives 0, or the exit status of wrong usage: the command line names an unknown pin or config. */
int choose_check(const struct arguments *a, const struct matrix *matrix);

/* Gives the cells config by config, so that a build comes before cells that only run it
 * differently. The caller frees list.cell. */
struct cell_list choose(const struct arguments *a, const struct matrix *matrix);

#endif
