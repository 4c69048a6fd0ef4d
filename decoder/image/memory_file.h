/* memory_file.h - a stream that writes to memory, and fails when memory runs out.
 *
 * open_memstream() does not fail then: it drops what it has no room for, neither ferror() nor
 * fclose() report it (glibc 2.36), and later text is written all the same. */
#ifndef JEHEAP_MEMORY_FILE_H
#define JEHEAP_MEMORY_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct jt_memory_file {
    FILE *file; /* to write to */
    char *bytes;
    size_t size, room;
    bool lost; /* memory ran out: some text is missing */
};

/* False when memory runs out. There is nothing to close then. */
bool jt_memory_open(struct jt_memory_file *m);

/* Returns what was written, which the caller frees, and its length, which may be 0; NULL when
 * memory ran out. */
char *jt_memory_close(struct jt_memory_file *m, size_t *size);

#endif
