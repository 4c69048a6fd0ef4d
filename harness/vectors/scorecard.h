/* scorecard.h - what a decoder's answers were, counted by kind, flag and file. */
#ifndef JEHEAP_SCORECARD_H
#define JEHEAP_SCORECARD_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "judge.h"
#include "report.h"

/* {"schema":1,"decoder","totals","kinds","flags","files","tests"}; every count is an object of
 * right, wrong, unsupported, crashed, timeout. A flag also has note and link, and "broken": it is
 * one of the few flags that explain what is wrong, crashed or timed out: each is wrong in at least
 * half of its tests, and the sharpest ones were taken first. A test has file, id, kind,
 * family, flags, comment, mark and why. */
struct json_object *card_start(const char *decoder);
/* A file that is asked now. */
void card_file(struct json_object *card, const char *path, struct json_object *file);
/* One test of it. */
void card_add(struct json_object *card, struct json_object *test, const struct verdict *verdict);
void card_end(struct json_object *card);

/* Anything wrong, crashed, timed out? Was anything answered at all? */
bool card_failed(struct json_object *card);
bool card_answered(struct json_object *card);

void card_text(struct json_object *card, bool color);
/* A line for each test that is not right, and one of the totals. */
void card_lines(struct json_object *card);
/* card_files.c, card_html.c; as report_files_write(). markdown: a path or NULL. */
bool card_files_write(const struct report_files *files, const char *markdown,
                      struct json_object *card);
void card_write_html(struct json_object *card, FILE *file);

/* ---- for the formats ------------------------------------------------------------------------- */

struct json_object *card_member(struct json_object *o, const char *key);
const char *card_word(struct json_object *o, const char *key);
unsigned long long card_count(struct json_object *counts, enum mark mark);
bool card_bad(struct json_object *counts);
bool card_test_bad(struct json_object *test);
/* "a, b" of an array of texts. */
void card_join(struct json_object *texts, char *out, size_t size);

#endif
