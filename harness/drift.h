/* drift.h - measures the comparison: each number of the layout is bent, one at a time, and the
 * comparison must notice it. */
#ifndef JEHEAP_DRIFT_H
#define JEHEAP_DRIFT_H

#include <json-c/json.h>
#include <stdbool.h>

#include "compare.h"

/* Compares the target with the truth of a comparison, with every bend of its layout. Gives an array
 * of
 * {"bend":NAME,"noticed":[LEVEL...],"proof":TEXT or null}. */
struct json_object *drift_bends(const struct comparison *sound, struct jt_target *target);

/* Merges the cells of a pin: a bend is noticed when one cell noticed it, and must be noticed on the
 * heap unless there is a proof that no heap shows it. Gives an array of
 * {"pin","total","noticed","proven","by":{LEVEL:N},"unseen":[{"bend","proof"}],"survivors":[...]}.
 * A bend that no level notices and that has a proof counts in proven, not in total. */
struct json_object *drift_report(struct json_object *cells);

/* Prints the report as text, or as one JSON object a line. True: every bend was noticed. */
bool drift_print(struct json_object *report, bool json);

#endif
