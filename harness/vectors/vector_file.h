/* vector_file.h - files of corpora/vectors: written once, never edited by hand.
 *
 * The last line has the SHA-256 of all lines before it (`head -n -1 FILE | sha256sum`), and so is
 * each other file that a vector file needs named with its digest. */
#ifndef JEHEAP_VECTOR_FILE_H
#define JEHEAP_VECTOR_FILE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#define VECTOR_DIGEST 65 /* characters, with the 0 at the end */

void vector_digest(const void *bytes, size_t size, char out[VECTOR_DIGEST]);

/* All bytes of a file, which the caller frees; NULL and a sentence in why. A 0 follows them. */
char *vector_bytes(const char *path, size_t *size, char *why, size_t why_size);

/* NULL and a sentence in why: it cannot be read, its digest is not that of its bytes, or it is no
 * vector file. */
struct json_object *vector_load(const char *path, char *why, size_t why_size);

/* Another file that a group names: path, in the vector file's folder, and digest. NULL and a
 * sentence. */
char *vector_part(const char *vector_path, const char *part, const char *digest, size_t *size,
                  char *why, size_t why_size);

/* Write it under another name until it is complete. */
bool vector_write(const char *path, struct json_object *file, char *why, size_t why_size);
bool vector_write_bytes(const char *path, const void *bytes, size_t size, char *why,
                        size_t why_size);

#endif
