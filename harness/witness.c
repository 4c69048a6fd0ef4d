#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_SECONDS = 300 };

int run_logged(const char *const argv[], const char *log_path) {
    pid_t pid = fork();
    if (pid == 0) {
        int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (log < 0 || null < 0) {
            _exit(127);
        }
        dup2(null, STDIN_FILENO);
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
        execvp(argv[0], (char *const *)argv);
        fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* One line of its output, newline removed; false on end of file or when it takes too long. */
static bool read_line(int fd, char *line, size_t size) {
    size_t used = 0;
    while (used + 1 < size) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, ANSWER_SECONDS * 1000) <= 0 || read(fd, line + used, 1) != 1) {
            return false;
        }
        if (line[used] == '\n') {
            line[used] = '\0';
            return true;
        }
        used++;
    }
    return false;
}

static void become_witness(const char *program, const char *malloc_conf, const char *truth_path,
                           unsigned long seed, const int to[2], const int from[2]) {
    char number[32];
    snprintf(number, sizeof(number), "%lu", seed);
    setenv("JE_MALLOC_CONF", malloc_conf, 1);
    dup2(to[0], STDIN_FILENO);
    dup2(from[1], STDOUT_FILENO);
    execl(program, program, "--truth", truth_path, "--seed", number, (char *)NULL);
    fprintf(stderr, "%s: %s\n", program, strerror(errno));
    _exit(127);
}

bool witness_start(const char *program, const char *malloc_conf, const char *truth_path,
                   unsigned long seed, struct witness *out, char *error, size_t error_size) {
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) {
        snprintf(error, error_size, "no pipe for the witness: %s", strerror(errno));
        return false;
    }
    out->pid = fork();
    if (out->pid == 0) {
        become_witness(program, malloc_conf, truth_path, seed, to, from);
    }
    close(to[0]);
    close(from[1]);
    out->to = to[1];
    out->from = from[0];
    char line[256] = "";
    if (out->pid < 0 || !read_line(out->from, line, sizeof(line)) ||
        strncmp(line, "ready", 5) != 0) {
        snprintf(error, error_size, "the witness %s did not get ready", program);
        witness_stop(out);
        return false;
    }
    return true;
}

bool witness_unchanged(struct witness *witness) {
    static const char again[] = "again\n";
    char line[256];
    return write(witness->to, again, strlen(again)) == (ssize_t)strlen(again) &&
           read_line(witness->from, line, sizeof(line)) && strcmp(line, "same") == 0;
}

bool witness_core(const struct witness *witness, const char *path, char *error, size_t error_size) {
    char pid[32], command[4200], log[4200];
    snprintf(pid, sizeof(pid), "%d", (int)witness->pid);
    snprintf(command, sizeof(command), "generate-core-file %s", path);
    snprintf(log, sizeof(log), "%s.log", path);
    const char *const argv[] = {"gdb",
                                "-nx",
                                "-batch",
                                "-iex",
                                "set auto-load off",
                                "-iex",
                                "set debuginfod enabled off",
                                "-ex",
                                command,
                                "-p",
                                pid,
                                NULL};
    struct stat made;
    if (run_logged(argv, log) != 0 || stat(path, &made) != 0 || made.st_size == 0) {
        snprintf(error, error_size, "gdb made no core of the witness: see %s", log);
        return false;
    }
    return true;
}

void witness_stop(struct witness *witness) {
    if (witness->to >= 0) {
        close(witness->to);
        close(witness->from);
    }
    if (witness->pid > 0) {
        kill(witness->pid, SIGKILL);
        waitpid(witness->pid, NULL, 0);
    }
    witness->pid = -1;
    witness->to = witness->from = -1;
}
