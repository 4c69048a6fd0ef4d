/* statistics.h - makes a truth from the statistics that jemalloc prints when a program exits. */
#ifndef JEHEAP_STATISTICS_H
#define JEHEAP_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the line of statistics (stats_print_opts:J) in the program's output as a file of truth.
 * False: error has a sentence. */
bool statistics_truth(const char *said, const char *path, char *error, size_t error_size);

#endif
