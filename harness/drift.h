/* drift.h - how sharp the harness is: each number of the layout is bent, one at a time, and the
 * comparison must notice. */
#ifndef JEHEAP_DRIFT_H
#define JEHEAP_DRIFT_H

#include <json-c/json.h>
#include <stdbool.h>

#include "compare.h"

/* Every bend of the target's layout against the truth. An array of
 * {"bend":NAME,"noticed":[LEVEL...],"proof":TEXT or null}. */
struct json_object *drift_bends(const struct truth *truth, struct jt_target *target);

/* Puts the cells of a pin together: a bend is noticed when one of them did, and must be noticed on
 * the heap unless there is a proof that no heap shows it. An array of
 * {"pin","total","noticed","proven","by":{LEVEL:N},"unseen":[{"bend","proof"}],"survivors":[...]}.
 * A bend that no level notices and that has a proof is in proven, not in total. */
struct json_object *drift_report(struct json_object *cells);

/* Text, or one JSON object a line. Was every bend noticed? */
bool drift_print(struct json_object *report, bool json);

#endif
