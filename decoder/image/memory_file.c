#include "image/memory_file.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 4096 /* bytes that are allocated at the start */

/* For fopencookie(): returns how many bytes were written, 0 for an error. */
static ssize_t write_bytes(void *cookie, const char *bytes, size_t len) {
    struct jt_memory_file *m = cookie;
    if (len > m->room - m->size) {
        size_t room = 2 * (m->size + len); /* cannot overflow: both fit in memory */
        char *grown = realloc(m->bytes, room);
        if (grown == NULL) {
            m->lost = true;
            return 0;
        }
        m->bytes = grown;
        m->room = room;
    }
    memcpy(m->bytes + m->size, bytes, len);
    m->size += len;
    return (ssize_t)len;
}

bool jt_memory_open(struct jt_memory_file *m) {
    *m = (struct jt_memory_file){.bytes = malloc(FIRST_BYTES), .room = FIRST_BYTES};
    if (m->bytes != NULL) {
        m->file = fopencookie(m, "w", (cookie_io_functions_t){.write = write_bytes});
    }
    if (m->file == NULL) {
        free(m->bytes);
    }
    return m->file != NULL;
}

char *jt_memory_close(struct jt_memory_file *m, size_t *size) {
    (void)fclose(m->file); /* write_bytes() sets lost when it fails */
    *size = m->lost ? 0 : m->size;
    if (m->lost) {
        free(m->bytes);
    }
    return m->lost ? NULL : m->bytes;
}
