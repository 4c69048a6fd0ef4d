/* kept_folders.h - the folders that cells work in: removed, or kept and said how large they are. */
#ifndef JEHEAP_KEPT_FOLDERS_H
#define JEHEAP_KEPT_FOLDERS_H

#include <json-c/json.h>

/* "files" and "files_bytes", which it takes on the disk, into a cell's result. */
void kept_add(struct json_object *result, const char *dir);

/* On stderr: where the files of these cells are, and how much that is. Nothing when none were kept.
 */
void kept_say(struct json_object *cells);

/* Removes a folder and all that is in it. */
void kept_remove(const char *dir);

#endif
