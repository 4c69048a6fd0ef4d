/* jeheap - the adapter of jeheap itself: a line of JSON in, a line of JSON out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"

static struct json_object *answer_line(struct answerer *a, const char *line) {
    struct json_object *question = json_tokener_parse(line);
    struct json_object *o = json_object_is_type(question, json_type_object)
                                ? answer(a, question)
                                : answer_error("unsupported", "the line is no JSON object", NULL);
    json_object_put(question);
    return o;
}

int main(void) {
    struct answerer *a = calloc(1, sizeof(*a));
    char *line = NULL;
    size_t room = 0;
    bool written = a != NULL;
    while (written && getline(&line, &room, stdin) > 0) {
        struct json_object *o = answer_line(a, line);
        puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
        written = fflush(stdout) == 0;
        json_object_put(o);
    }
    if (a) {
        answerer_end(a);
    }
    free(a);
    free(line);
    return written ? 0 : 1;
}
