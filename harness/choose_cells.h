/* choose_cells.h - which cells of the matrix a command line asks for. */
#ifndef JEHEAP_CHOOSE_CELLS_H
#define JEHEAP_CHOOSE_CELLS_H

#include "arguments.h"
#include "matrix.h"
#include "run.h"

/* 0, or the exit status of wrong usage: a pin or config that there is not. */
int choose_check(const struct arguments *a, const struct matrix *matrix);

/* Config by config, so that builds come before the cells that only run them differently. The caller
 * frees list.cell. */
struct cell_list choose(const struct arguments *a, const struct matrix *matrix);

#endif
