/* message.c - the only ways of text to a terminal that may have something of a target in it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "image/plain_text.h"

enum { LINE_MAX_SAID = 8192 }; /* the longest path, and a sentence around it */

static bool color_said;

void cli_say_color(bool color) {
    color_said = color;
}

static void put_line(const char *line) {
    static const char corrupt[] = ": corrupt: ";
    const char *at = color_said ? strstr(line, corrupt) : NULL;
    if (!at) {
        fprintf(stderr, "jeheap: %s\n", line);
        return;
    }
    fprintf(stderr, "jeheap: %.*s: \033[1;31mcorrupt\033[0m: %s\n", (int)(at - line), line,
            at + sizeof(corrupt) - 1);
}

/* In one piece, so that lines of several programs do not mix. */
void cli_say(const char *text, ...) {
    char raw[LINE_MAX_SAID], line[LINE_MAX_SAID];
    va_list args;
    va_start(args, text);
    vsnprintf(raw, sizeof(raw), text, args);
    va_end(args);
    jt_plain(raw, line, sizeof(line));
    progress_clear();
    put_line(line);
}

void cli_put(const char *text) {
    char line[LINE_MAX_SAID];
    jt_plain(text, line, sizeof(line));
    fputs(line, stdout);
}
