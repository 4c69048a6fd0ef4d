/* input.c - addresses from standard input or from a file, one a line.
 *
 * Answers go out before more input is waited for, so that a program can ask one after the other. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *list_name(const struct arguments *args) {
    return args->addresses[0] == '@' ? args->addresses + 1 : "standard input";
}

bool input_is_list(const char *operand) {
    return operand[0] == '@' || strcmp(operand, "-") == 0;
}

/* Whichever of both were read first, nothing would be left for the other. */
static bool is_target(const struct arguments *args) {
    const char *target = args->target.target;
    struct stat st, list;
    return !jt_is_process(target) && stat(target, &st) == 0 &&
           fstat(args->addresses_fd, &list) == 0 && st.st_dev == list.st_dev &&
           st.st_ino == list.st_ino;
}

static int wrong_list(const struct arguments *args, const char *why) {
    cli_say("%s%s", list_name(args), why);
    return EXIT_USAGE;
}

static int check_list(const struct arguments *args) {
    struct stat st = {.st_mode = 0};
    (void)fstat(args->addresses_fd, &st);                     /* it is open */
    if ((fcntl(args->addresses_fd, F_GETFL) & O_PATH) != 0) { /* main() has put that there */
        return wrong_list(args, " is closed, and the list of addresses was to come from it");
    }
    if (S_ISDIR(st.st_mode)) {
        return wrong_list(args, ": is a folder, not a list of addresses");
    }
    if (is_target(args)) {
        return wrong_list(args, args->addresses[0] == '@'
                                    ? " is the core, so the list of addresses needs another @FILE"
                                    : " is the core, so the list of addresses needs @FILE");
    }
    return EXIT_DONE;
}

/* Before the sandbox, in which no file can be opened. */
int input_open(struct arguments *args) {
    if (!args->addresses) {
        return EXIT_DONE;
    }
    args->addresses_fd = STDIN_FILENO;
    if (strcmp(args->addresses, "@") == 0) {
        return wrong_list(args, "@ needs the path of a list behind it: @FILE");
    }
    if (args->addresses[0] == '@') {
        args->addresses_fd = open(args->addresses + 1, O_RDONLY | O_CLOEXEC);
        if (args->addresses_fd < 0) {
            cli_say("%s: %s", args->addresses + 1, strerror(errno));
            return EXIT_USAGE;
        }
    }
    return check_list(args);
}

void input_start(struct input *in, struct cli *cli) {
    memset(in, 0, offsetof(struct input, text));
    in->cli = cli;
    in->name = list_name(cli->args);
}

static void bad_line(struct input *in, const char *line, uint64_t number) {
    enum { SAID = 20 };
    cli_status(in->cli, EXIT_USAGE);
    if (++in->bad <= SAID) {
        cli_say("%s: line %" PRIu64 ": this is no address: %.60s", in->name, number, line);
    } else if (in->bad == SAID + 1) {
        cli_say("%s: more lines are no addresses; they are passed over", in->name);
    }
}

/* Is the time over before there is more? */
static bool wait_for_more(const struct input *in) {
    const struct arguments *args = in->cli->args;
    struct pollfd wait = {.fd = args->addresses_fd, .events = POLLIN};
    int left = progress_left(args);
    return left < 0 || poll(&wait, 1, left) != 0;
}

static void out_of_time(struct input *in) {
    in->ended = in->out_of_time = true;
    in->at = in->len; /* what is left is half a line */
    cli_say("the time was over (--timeout %" PRIu64 ") after line %" PRIu64 " of %s",
            in->cli->args->timeout, in->lines, in->name);
    cli_status(in->cli, EXIT_PARTIAL);
}

/* More behind what is left of the buffer. */
static void refill(struct input *in) {
    ssize_t got;
    memmove(in->text, in->text + in->at, in->len - in->at);
    in->len -= in->at;
    in->at = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) { /* nobody gets the answers; the end says so */
        in->ended = true;
        return;
    }
    if (!wait_for_more(in)) {
        out_of_time(in);
        return;
    }
    do {
        got = read(in->cli->args->addresses_fd, in->text + in->len, INPUT_ROOM - in->len);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        cli_say("%s: %s", in->name, strerror(errno));
        cli_status(in->cli, EXIT_PARTIAL);
    }
    in->ended = got <= 0;
    in->len += got > 0 ? (size_t)got : 0;
}

/* An address, if the line has one: blanks and comments have none. */
static bool take_line(struct input *in, char *line, size_t len, uint64_t *addr) {
    static const char blank[] = " \t\r\v\f";
    line[len] = 0;
    in->lines++;
    if (in->too_long) { /* its end; its beginning was said */
        in->too_long = false;
        return false;
    }
    if (strlen(line) != len) {
        bad_line(in, "it has a NUL byte", in->lines);
        return false;
    }
    line[strcspn(line, "#")] = 0;
    line += strspn(line, blank);
    for (size_t end = strlen(line); end && strchr(blank, line[end - 1]); end--) {
        line[end - 1] = 0;
    }
    if (*line && !cli_is_address(line, addr)) {
        bad_line(in, line, in->lines);
        return false;
    }
    return *line != 0;
}

/* A buffer full of what no newline ends. */
static void take_long(struct input *in) {
    in->text[in->len] = 0;
    if (!in->too_long) {
        bad_line(in, in->text, in->lines + 1); /* it is counted at its end */
    }
    in->too_long = true;
    in->at = in->len;
}

/* The last line, if no newline ends it. */
static size_t take_rest(struct input *in, uint64_t *addr) {
    char *rest = in->text + in->at;
    size_t len = in->len - in->at;
    in->at = in->len;
    return len && take_line(in, rest, len, addr);
}

size_t input_next(struct input *in, uint64_t *addr, size_t room) {
    size_t count = 0;
    if (!in->ended && progress_left(in->cli->args) == 0) {
        out_of_time(in);
    }
    while (count < room) {
        char *line = in->text + in->at;
        const char *end = memchr(line, '\n', in->len - in->at);
        if (end) {
            in->at = (size_t)(end - in->text) + 1;
            count += take_line(in, line, (size_t)(end - line), &addr[count]);
        } else if (in->len - in->at == INPUT_ROOM) {
            take_long(in);
        } else if (in->ended) {
            return count + take_rest(in, &addr[count]);
        } else if (count) {
            break; /* answered before more is waited for */
        } else {
            refill(in);
        }
    }
    return count;
}
