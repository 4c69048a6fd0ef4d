/* sandbox_probe - does what a subverted jeheap would do, behind jeheap's own sandbox.
 *
 *   sandbox_probe opening|reading core|PID|held ACTION [FILE]
 *
 * Exit status: 0 done, which the sandbox should have kept from happening; 10 refused, and the error
 * on stdout. Else it ends by the signal that the sandbox sends. */
#include "sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *file = "/dev/null";
static int stranger; /* a process that is not the target */

static bool do_nothing(void) {
    return true;
}

static bool do_exec(void) {
    char name[] = "/bin/true", *argv[] = {name, NULL}, *none[] = {NULL};
    return execve(name, argv, none) == 0;
}

static bool do_connect(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd >= 0 &&
           (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno == ECONNREFUSED);
}

static bool do_fork(void) {
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child > 0;
}

static bool do_ptrace(void) {
    return ptrace(PTRACE_SEIZE, stranger, NULL, NULL) == 0;
}

/* It is no tracer: the kernel says so, if the call comes that far. */
static bool ptrace_gets(enum __ptrace_request request) {
    return ptrace(request, stranger, NULL, NULL) == 0 || errno == ESRCH || errno == EPERM;
}

static bool do_detach(void) {
    return ptrace_gets(PTRACE_DETACH);
}

static bool do_seize(void) {
    return ptrace_gets(PTRACE_SEIZE);
}

static bool do_poke(void) {
    return ptrace_gets(PTRACE_POKEDATA);
}

static bool do_set_registers(void) {
    return ptrace_gets(PTRACE_SETREGSET);
}

static bool do_kill(void) {
    return kill(stranger, SIGCONT) == 0;
}

static bool do_read_process(void) {
    char here, *there = &here;
    struct iovec local = {&here, 1}, remote = {there, 1};
    return process_vm_readv(stranger, &local, 1, &remote, 1, 0) == 1;
}

static bool do_open_write(void) {
    return open(file, O_WRONLY | O_CLOEXEC) >= 0;
}

static bool do_open_create(void) {
    return open(file, O_RDONLY | O_CREAT | O_CLOEXEC, 0600) >= 0;
}

static bool do_open_truncate(void) {
    return open(file, O_RDONLY | O_TRUNC | O_CLOEXEC) >= 0;
}

static bool do_open_read(void) {
    return open(file, O_RDONLY | O_CLOEXEC) >= 0;
}

static bool do_unlink(void) {
    return unlink(file) == 0;
}

static bool do_rename(void) {
    char to[4096];
    snprintf(to, sizeof(to), "%s.moved", file);
    return rename(file, to) == 0;
}

static bool do_chmod(void) {
    return chmod(file, 0700) == 0;
}

/* Input is not output. */
static bool do_write_elsewhere(void) {
    return write(STDIN_FILENO, "x", 1) == 1;
}

static bool do_map_code(void) {
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

static bool do_make_code(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool do_abort(void) {
    abort();
}

static const struct action {
    const char *name;
    bool (*run)(void);
} actions[] = {{"nothing", do_nothing},
               {"exec", do_exec},
               {"connect", do_connect},
               {"fork", do_fork},
               {"ptrace", do_ptrace},
               {"detach", do_detach},
               {"seize", do_seize},
               {"poke", do_poke},
               {"set-registers", do_set_registers},
               {"kill", do_kill},
               {"read-process", do_read_process},
               {"open-write", do_open_write},
               {"open-create", do_open_create},
               {"open-truncate", do_open_truncate},
               {"open-read", do_open_read},
               {"unlink", do_unlink},
               {"rename", do_rename},
               {"chmod", do_chmod},
               {"write-elsewhere", do_write_elsewhere},
               {"map-code", do_map_code},
               {"make-code", do_make_code},
               {"abort", do_abort}};

static const struct action *action_named(const char *name) {
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(name, actions[i].name) == 0) {
            return &actions[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    const struct action *action = argc > 3 ? action_named(argv[3]) : NULL;
    if (!action) {
        fprintf(stderr, "usage: sandbox_probe opening|reading core|PID|held ACTION [FILE]\n");
        return 2;
    }
    bool holds = strcmp(argv[2], "held") == 0;
    struct sandbox sandbox = {.pid = holds ? 1 : atoi(argv[2]), .output = -1, .holds = holds};
    file = argc > 4 ? argv[4] : file;
    stranger = getppid();
    const char *lacks = sandbox_start(&sandbox);
    if (strcmp(argv[1], "reading") == 0) {
        lacks = sandbox_tighten(&sandbox);
    }
    if (lacks) {
        fprintf(stderr, "%s\n", lacks);
    }
    if (action->run()) {
        return 0;
    }
    printf("%s\n", strerror(errno));
    return 10;
}
