#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 64, FIRST_LINE = 2 /* seconds */ };

struct job {
    int pid; /* 0: the slot is free */
    size_t cell;
    char path[64]; /* the file of its result */
};

struct run {
    const struct cell_list *list;
    const struct run_options *options;
    struct job job[JOBS_MAX];
    size_t jobs, next, done;
    struct json_object **result;
    bool quiet, terminal;
    time_t start, next_line; /* next_line: the time of the next line of progress */
};

static void clear_line(const struct run *r) {
    if (r->terminal) {
        fprintf(stderr, "\r\033[K");
    }
}

/* Is it time for a line of progress? On a terminal each line replaces the one before; in a log
 * there is a line now and then, at growing intervals. */
static bool line_is_due(struct run *r) {
    enum { LONGEST = 60 };
    time_t now = time(NULL), so_far = now - r->start;
    if (r->terminal || r->quiet || now < r->next_line) {
        return r->terminal;
    }
    r->next_line = now + (so_far < LONGEST ? so_far : LONGEST);
    return true;
}

static void say_running(struct run *r) {
    if (!line_is_due(r)) {
        return;
    }
    clear_line(r);
    fprintf(stderr, "jeconform: [%zu/%zu] %ld s, running:", r->done, r->list->count,
            (long)(time(NULL) - r->start));
    for (size_t i = 0; i < r->jobs; i++) {
        if (r->job[i].pid) {
            const struct cell *cell = &r->list->cell[r->job[i].cell];
            fprintf(stderr, " %s/%s", cell->pin, cell->config);
        }
    }
    if (!r->terminal) {
        fputc('\n', stderr);
    }
    fflush(stderr);
}

static void say_done(const struct run *r, const struct cell *cell, struct json_object *result) {
    if (r->quiet) {
        return;
    }
    const char *why = matrix_text(result, "why");
    clear_line(r);
    const char *status = matrix_text(result, "status");
    bool say_why = strcmp(status, "fail") == 0; /* reasons of skips are printed with the matrix */
    fprintf(stderr, "jeconform: [%zu/%zu] %s %s: %s%s%s\n", r->done, r->list->count, cell->pin,
            cell->config, status, say_why ? ": " : "", say_why ? why : "");
}

static void start_jobs(struct run *r) {
    for (size_t i = 0; i < r->jobs && r->next < r->list->count; i++) {
        struct job *job = &r->job[i];
        if (job->pid) {
            continue;
        }
        job->cell = r->next++;
        snprintf(job->path, sizeof(job->path), "/tmp/jeconform.result.%d.%zu", (int)getpid(),
                 job->cell);
        job->pid = cell_start(&r->list->cell[job->cell], r->options, job->path);
        if (job->pid < 0) {
            fprintf(stderr, "jeconform: no process for a cell: %s\n", strerror(errno));
            exit(3);
        }
    }
}

static void finish_job(struct run *r, struct job *job, int wait_status) {
    const struct cell *cell = &r->list->cell[job->cell];
    struct json_object *result = cell_result(cell, r->options, wait_status, job->path);
    r->result[job->cell] = result;
    remove(job->path);
    job->pid = 0;
    r->done++;
    say_done(r, cell, result);
}

static void wait_a_little(struct run *r) {
    const struct timespec moment = {0, 100000000};
    for (size_t i = 0; i < r->jobs; i++) {
        int status;
        if (r->job[i].pid && waitpid(r->job[i].pid, &status, WNOHANG) == r->job[i].pid) {
            finish_job(r, &r->job[i], status);
            return;
        }
    }
    say_running(r);
    nanosleep(&moment, NULL);
}

struct json_object *run_cells(const struct cell_list *list, const struct run_options *options,
                              unsigned jobs, bool quiet) {
    struct run r = {.list = list, .options = options, .quiet = quiet, .start = time(NULL)};
    r.next_line = r.start + FIRST_LINE;
    r.jobs = jobs < JOBS_MAX ? jobs : JOBS_MAX;
    r.terminal = !quiet && isatty(STDERR_FILENO);
    r.result = calloc(list->count + 1, sizeof(struct json_object *));
    if (!r.result) {
        abort();
    }
    while (r.done < list->count) {
        start_jobs(&r);
        wait_a_little(&r);
    }
    clear_line(&r);
    struct json_object *results = json_object_new_array();
    for (size_t i = 0; i < list->count; i++) {
        json_object_array_add(results, r.result[i]);
    }
    free(r.result);
    return results;
}
