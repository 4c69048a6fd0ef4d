/* decoder: the decoder protocol of corpora/vectors. It takes JSON, for which jeheap itself needs no
 * library, so it is a program of its own beside this one. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const char program[] = "jeheap-decoder";

void command_decoder(struct cli *cli) {
    char path[PATH_MAX + sizeof(program)];
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX);
    path[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(path, '/');
    memcpy(slash ? slash + 1 : path, program, sizeof(program));
    execl(path, program, (char *)NULL);
    cli_say("%s cannot be run: %s", path, strerror(errno));
    cli->status = EXIT_UNREADABLE;
}
