/* memory_file.h - a stream that writes to memory, and fails when there is none.
 *
 * That of open_memstream() does not: what it has no room for is missing, neither ferror() nor
 * fclose() tell (glibc 2.36), and what comes next is written all the same. */
#ifndef JEHEAP_MEMORY_FILE_H
#define JEHEAP_MEMORY_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct jt_memory_file {
    FILE *file; /* to write to */
    char *bytes;
    size_t size, room;
    bool lost; /* something had no room */
};

/* False when memory runs out; then there is nothing to close. */
bool jt_memory_open(struct jt_memory_file *m);

/* What was written, to be freed, and its length, which may be 0; NULL when anything of it was lost.
 */
char *jt_memory_close(struct jt_memory_file *m, size_t *size);

#endif
