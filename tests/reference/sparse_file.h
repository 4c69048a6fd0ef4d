/* sparse_file.h - memory as an ELF core on disk, whose zero pages take no room. */
#ifndef TESTS_SPARSE_FILE_H
#define TESTS_SPARSE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "jeheap/jeheap.h"

/* False when it cannot be written. machine: EM_... */
bool sparse_file_write(const char *path, uint16_t machine, const struct jh_build *build,
                       const struct jh_segment *segment, size_t count);

#endif
