#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kept_folders.h"
#include "matrix.h"

enum { ANSWER_SECONDS = 300, WORDS_MAX = 32 };

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

/* Reads one line of its output, without the newline. False: end of file, or it takes too long. */
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

struct command {
    const char *word[WORDS_MAX + 1];
    size_t count;
};

static void add_word(struct command *command, const char *word) {
    if (command->count < WORDS_MAX) {
        command->word[command->count++] = word;
    }
}

static void add_words(struct command *command, struct json_object *build, const char *key) {
    struct json_object *array;
    if (json_object_object_get_ex(build, key, &array)) {
        for (size_t i = 0; i < json_object_array_length(array); i++) {
            add_word(command, json_object_get_string(json_object_array_get_idx(array, i)));
        }
    }
}

/* File descriptors of the witness in a real program, which uses standard input and output itself.
 */
enum { WATCH_INPUT = 198, WATCH_OUTPUT = 199 };

static void set_number(const char *name, int number) {
    char text[16];
    snprintf(text, sizeof(text), "%d", number);
    setenv(name, text, 1);
}

/* A real program may leave files behind, and another start that finds them goes another way: it has
 * a folder of its own in the witness's, which is empty at each start. */
#define PROGRAM_DIR "program"

static bool empty_folder(void) {
    kept_remove(PROGRAM_DIR);
    return mkdir(PROGRAM_DIR, 0700) == 0 && chdir(PROGRAM_DIR) == 0;
}

/* Is it a real program, into which witness and jemalloc are loaded as libraries? */
static bool preload(struct json_object *build) {
    struct command library = {.count = 0};
    char path[8400] = "";
    add_words(&library, build, "preload");
    for (size_t i = 0; i < library.count; i++) {
        size_t used = strlen(path);
        snprintf(path + used, sizeof(path) - used, "%s%s", i ? ":" : "", library.word[i]);
    }
    if (library.count > 0) {
        setenv("LD_PRELOAD", path, 1);
        setenv("WATCH_TRUTH", "../truth", 1);
        setenv("WATCH_LEAST", matrix_text(build, "least"), 1);
        set_number("WATCH_INPUT", WATCH_INPUT);
        set_number("WATCH_OUTPUT", WATCH_OUTPUT);
        setenv("MALLOC_CONF", matrix_text(build, "malloc_conf"), 1);
    }
    return library.count > 0;
}

static void become_witness(struct json_object *build, const char *dir, unsigned long seed,
                           const int to[2], const int from[2]) {
    struct command command = {.count = 0};
    char number[32];
    int log = -1;
    if (chdir(dir) == 0) {
        log = open(WITNESS_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    }
    snprintf(number, sizeof(number), "%lu", seed);
    add_words(&command, build, "emulator");
    add_word(&command, matrix_text(build, "witness"));
    add_words(&command, build, "witness_args");
    int input = to[0], output = from[1];
    if (strcmp(matrix_text(build, "environment"), "none") == 0) {
        clearenv(); /* it is on the stack, whose size is in every image */
    }
    if (preload(build)) {
        if (dup2(to[0], WATCH_INPUT) < 0 || dup2(from[1], WATCH_OUTPUT) < 0 || !empty_folder()) {
            _exit(127);
        }
        input = open("/dev/null", O_RDONLY | O_CLOEXEC);
        output = log;
    } else {
        add_word(&command, "--truth");
        add_word(&command, "truth");
        add_word(&command, "--seed");
        add_word(&command, number);
        setenv("JE_MALLOC_CONF", matrix_text(build, "malloc_conf"), 1);
    }
    if (log >= 0 && dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
        dup2(log, STDERR_FILENO) >= 0) {
        execvp(command.word[0], (char *const *)command.word);
    }
    fprintf(stderr, "%s: %s\n", command.word[0], strerror(errno));
    _exit(127);
}

/* The first line of its standard error, or "". */
static void first_words(const char *dir, char *out, size_t size) {
    char path[4200];
    snprintf(path, sizeof(path), "%s/%s", dir, WITNESS_LOG);
    FILE *log = fopen(path, "r");
    if (log == NULL || fgets(out, (int)size, log) == NULL) {
        out[0] = '\0';
    }
    out[strcspn(out, "\n")] = '\0';
    if (log != NULL) {
        fclose(log);
    }
}

bool witness_start(struct json_object *build, const char *dir, unsigned long seed,
                   struct witness *out, char *error, size_t error_size) {
    int to[2], from[2];
    out->dir = dir;
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) {
        snprintf(error, error_size, "no pipe for the witness: %s", strerror(errno));
        return false;
    }
    out->pid = fork();
    if (out->pid == 0) {
        become_witness(build, dir, seed, to, from);
    }
    close(to[0]);
    close(from[1]);
    out->to = to[1];
    out->from = from[0];
    char line[256] = "";
    if (out->pid < 0 || !read_line(out->from, line, sizeof(line)) ||
        strncmp(line, "ready", 5) != 0) {
        char why[200];
        first_words(dir, why, sizeof(why));
        snprintf(error, error_size, "the witness %s did not get ready%s%s",
                 matrix_text(build, "witness"), why[0] ? ": " : "", why);
        witness_stop(out);
        return false;
    }
    return true;
}

static bool tell(const struct witness *witness, const char *line) {
    size_t size = strlen(line);
    return write(witness->to, line, size) == (ssize_t)size;
}

static bool ask(const struct witness *witness, const char *question, const char *wanted) {
    char line[256];
    return tell(witness, question) && read_line(witness->from, line, sizeof(line)) &&
           strcmp(line, wanted) == 0;
}

bool witness_unchanged(struct witness *witness) {
    return ask(witness, "again\n", "same");
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

bool witness_own_core(struct witness *witness, const char *path, char *error, size_t error_size) {
    char question[4200], why[200];
    snprintf(question, sizeof(question), "core %s\n", path);
    if (!ask(witness, question, "core")) {
        first_words(witness->dir, why, sizeof(why));
        snprintf(error, error_size, "the witness wrote no core: %s", why);
        return false;
    }
    return true;
}

/* Takes the core that qemu wrote to the current folder, qemu_<program>_<date>_<pid>.core. A core of
 * the emulator itself, which the system may write as well, is not looked for. */
static bool take_qemu_core(const char *dir, const char *path) {
    char pattern[4200];
    glob_t found;
    snprintf(pattern, sizeof(pattern), "%s/qemu_*.core", dir);
    bool taken = glob(pattern, 0, NULL, &found) == 0 && rename(found.gl_pathv[0], path) == 0;
    globfree(&found);
    return taken;
}

bool witness_last_core(struct witness *witness, const char *path, char *error, size_t error_size) {
    char line[256];
    int status;
    if (!tell(witness, "abort\n") || read_line(witness->from, line, sizeof(line))) {
        snprintf(error, error_size, "the witness did not abort");
        return false;
    }
    waitpid(witness->pid, &status, 0);
    witness->pid = -1;
    if (!take_qemu_core(witness->dir, path)) {
        snprintf(error, error_size, "qemu wrote no core of the witness (ulimit -H -c?)");
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
