/* preload: the witness of a program that knows nothing of it. Preloaded together with a jemalloc,
 * it stands between the two, keeps the books of all that is allocated, and once the program holds
 * still writes down what jemalloc's public API says of it. Then it obeys as a witness does
 * (TRUTH.md), on the file descriptors WATCH_INPUT and WATCH_OUTPUT. The file's path is in
 * WATCH_TRUTH, the least number of allocations that make a heap worth a look in WATCH_LEAST. With
 * WATCH_AT_EXIT it is none of that: it holds the program when it exits, after jemalloc has printed
 * its statistics, and obeys. */
#include "workload.h"

#include "allocations.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define STILL_MICRO 50000 /* looked at so often */
#define STILL_TIMES 20    /* and found unchanged so many times, the program holds still */
#define PATIENCE                                                                                   \
    600 /* looks at a program that never holds still, which is then held where it is               \
         */
#define LIVE_MAX 100000

void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vdprintf(STDERR_FILENO, format, args);
    va_end(args);
    _exit(1);
}

/* ---- the truth ------------------------------------------------------------------------------ */

static struct truth truth;
static struct workload load;
static struct allocation allocation[LIVE_MAX];

size_t workload_live(const struct workload *books) {
    return books->worker[0].count;
}

static void take_books(void) {
    struct worker *worker = &load.worker[0];
    worker->live = allocation;
    load.threads = 1;
    worker->count = allocations_take(allocation, LIVE_MAX);
}

static void line(const char *word, const char *key, const char *value) {
    truth_word(&truth, word);
    if (key != NULL) {
        truth_text(&truth, key, value);
    }
    truth_end(&truth);
}

/* What "again" compares: nothing that a program does leaves all of it as it was. */
static uint64_t write_totals(FILE *file) {
    truth_start(&truth, file);
    api_stats(&truth);
    totals_write(&truth);
    return truth.digest;
}

/* What core_write() reads: the C library has a place for it from the program's own heap. */
static void read_once(const char *path) {
    char text[256];
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        while (fgets(text, sizeof(text), file) != NULL) {
        }
        fclose(file);
    }
}

/* Everything is asked once for nothing: what jemalloc allocates to answer is there by then. Gives
 * the totals in front of the first answer: what changes from there on makes the truth useless. */
static uint64_t write_truth(FILE *file) {
    const char *version;
    read_once("/proc/self/maps");
    truth_start(&truth, NULL);
    take_books();
    api_write(&truth, &load);
    uint64_t digest = write_totals(NULL);
    if (!api_text("version", &version)) {
        die("watch: mallctl version fails.\n");
    }
    truth_start(&truth, file);
    line("truth 1", NULL, NULL);
    line("meta", "version", version);
    api_write(&truth, &load);
    write_totals(file);
    line("end", NULL, NULL);
    return digest;
}

/* ---- ready ---------------------------------------------------------------------------------- */

static int input, output; /* whoever started it is at the other end */

static void say(const char *text) {
    if (write(output, text, strlen(text)) < 0) {
        _exit(1);
    }
}

/* True until the input ends. */
static bool hear(char *text, size_t size) {
    size_t used = 0;
    char c = 0;
    while (used + 1 < size && read(input, &c, 1) == 1 && c != '\n') {
        text[used++] = c;
    }
    text[used] = '\0';
    return c == '\n';
}

static void say_ready(void) {
    char text[64];
    snprintf(text, sizeof(text), "ready %ld\n", (long)getpid());
    say(text);
}

/* Of a program that never rests the threads are held where they allocate all the same. Not held are
 * those that end: "again" tells whether anything changed. */
static void wait_until_still(size_t enough) {
    unsigned long before = 0, looks = 0;
    for (unsigned times = 0; times < STILL_TIMES && looks < PATIENCE; times++, looks++) {
        size_t now_live;
        unsigned long now = allocations_calls(&now_live);
        if (now != before || now_live < enough) {
            times = 0;
        }
        before = now;
        usleep(STILL_MICRO);
    }
}

static unsigned long number_of(const char *name) {
    const char *text = getenv(name);
    return text == NULL ? 0 : strtoul(text, NULL, 10);
}

/* Kept from the start: a program may write its title over its environment (Redis does). */
static char path[4000];
static unsigned long least;
static bool at_exit;

static void *watch(void *arg) {
    static char buffer[1 << 16], text[4096];
    char name[4096];
    (void)arg;
    snprintf(name, sizeof(name), "%s.new", path);
    FILE *file = fopen(name, "w");
    if (file == NULL || setvbuf(file, buffer, _IOFBF, sizeof(buffer)) != 0) {
        die("watch: %s: %s\n", name, strerror(errno));
    }
    wait_until_still(least);
    allocations_hold();
    uint64_t digest = write_truth(file);
    if (fflush(file) != 0 || ferror(file) || rename(name, path) != 0) {
        die("watch: %s cannot be written.\n", path);
    }
    say_ready();
    while (hear(text, sizeof(text)) && strcmp(text, "quit") != 0) {
        if (strncmp(text, "core ", 5) == 0) {
            core_write(text + 5);
            say("core\n");
        } else {
            bool same = strcmp(text, "again") == 0 && write_totals(NULL) == digest;
            say(same ? "same\n" : "changed\n");
        }
    }
    _exit(0);
}

__attribute__((constructor)) static void start(void) {
    pthread_t thread;
    const char *truth_path = getenv("WATCH_TRUTH");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* whoever started it may read it (Yama) */
    input = (int)number_of("WATCH_INPUT");
    output = (int)number_of("WATCH_OUTPUT");
    least = number_of("WATCH_LEAST");
    at_exit = getenv("WATCH_AT_EXIT") != NULL;
    snprintf(path, sizeof(path), "%s", truth_path == NULL ? "truth" : truth_path);
    if (!at_exit && pthread_create(&thread, NULL, watch, NULL) != 0) {
        die("watch: it cannot start.\n");
    }
}

/* The last that runs, behind everything that was to run at exit. */
__attribute__((destructor)) static void hold(void) {
    char text[4096];
    if (!at_exit) {
        return;
    }
    say_ready();
    while (hear(text, sizeof(text)) && strcmp(text, "quit") != 0) {
        say(strcmp(text, "again") == 0 ? "same\n" : "changed\n");
    }
}
