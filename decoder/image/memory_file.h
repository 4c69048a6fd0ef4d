/* memory_file.h - a stream that writes to memory, and fails when memory runs out.
 *
 * open_memstream() does not fail then: it drops text that does not fit, neither ferror() nor
 * fclose() report it (glibc 2.36), and later text is written again. */
#ifndef JEHEAP_MEMORY_FILE_H
#define JEHEAP_MEMORY_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct jt_memory_file {
    FILE *file; /* to write to */
    char *bytes;
    size_t size, room; /* bytes written, bytes allocated */
    bool lost;         /* memory ran out: some text is missing */
};

/* False when memory runs out. There is nothing to close then. */
bool jt_memory_open(struct jt_memory_file *m);

/* Closes the file, and returns what was written, which the caller frees; *size is its length, which
 * may be 0. NULL: memory ran out. */
char *jt_memory_close(struct jt_memory_file *m, size_t *size);

#endif
