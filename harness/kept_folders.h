/* kept_folders.h - the folders of cells: removed, or kept (--keep) and reported with their sizes.
 */
#ifndef JEHEAP_KEPT_FOLDERS_H
#define JEHEAP_KEPT_FOLDERS_H

#include <json-c/json.h>

/* Adds "files", the folder, and "files_bytes", its size on the disk, to a cell's result. */
void kept_add(struct json_object *result, const char *dir);

/* Prints on stderr where the kept files of these cells are and how large they are. Prints nothing
 * when none were kept. */
void kept_say(struct json_object *cells);

/* Removes a folder and all that is in it. */
void kept_remove(const char *dir);

#endif
