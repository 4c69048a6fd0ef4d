/* judge.h - is an answer the one that a vector has? */
#ifndef JEHEAP_JUDGE_H
#define JEHEAP_JUDGE_H

#include <json-c/json.h>
#include <stdbool.h>

enum mark { MARK_RIGHT, MARK_WRONG, MARK_UNSUPPORTED, MARK_CRASHED, MARK_TIMEOUT, MARKS };

/* "right", "wrong", "unsupported", "crashed", "timeout" */
const char *mark_name(enum mark mark);

struct verdict {
    enum mark mark;
    char why[400]; /* a sentence; "" when it is right */
};

/* The answer of a decoder that came in time and is a JSON object. */
struct verdict judge(struct json_object *test, struct json_object *answer);

#endif
