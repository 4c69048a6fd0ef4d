/* statistics.h - a truth from what jemalloc itself prints when a program exits. */
#ifndef JEHEAP_STATISTICS_H
#define JEHEAP_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/* The line of statistics (stats_print_opts:J) in what the program said, as a file of facts. False
 * and a sentence in error. */
bool statistics_truth(const char *said, const char *path, char *error, size_t error_size);

#endif
