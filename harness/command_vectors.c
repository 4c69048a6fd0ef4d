#include "command_vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emit.h"
#include "kept_folders.h"
#include "run_vectors.h"
#include "scorecard.h"

enum { SECONDS = 10, MIB = 4096 };

static int finish(struct arguments *a, struct json_object *card, enum vectors_status status) {
    report_made(card, a->line);
    if (a->json) {
        card_lines(card);
    } else if (status == VECTORS_DONE) {
        card_text(card, a->color);
    }
    bool written = card_files_write(&a->reports, a->markdown, card);
    bool answered = card_answered(card), failed = card_failed(card);
    json_object_put(card);
    return status != VECTORS_DONE || !answered ? EXIT_UNREADABLE
           : failed || !written                ? EXIT_WRONG
                                               : EXIT_DONE;
}

static int against(struct arguments *a, const char *const *path, size_t count) {
    const struct vectors_options options = {
        a->decoder,
        {a->decoder_seconds ? a->decoder_seconds : SECONDS, a->decoder_mib ? a->decoder_mib : MIB},
        a->quiet};
    struct json_object *card;
    enum vectors_status status = vectors_run(path, count, &options, &card);
    return finish(a, card, status);
}

static int folder(struct arguments *a, const char *path) {
    size_t count;
    char **list = vectors_list(path, &count);
    int status = EXIT_UNREADABLE;
    if (!list || count == 0) {
        fprintf(stderr, "jeconform: there are no vectors in %s\n", path);
    } else {
        status = against(a, (const char *const *)list, count);
    }
    for (size_t i = 0; list && i < count; i++) {
        free(list[i]);
    }
    free(list);
    return status;
}

int command_vectors(struct arguments *a, const struct matrix *matrix) {
    (void)matrix;
    if (!a->decoder) {
        return wrong_usage("an option is missing:", "--decoder COMMAND");
    }
    return a->files.count ? against(a, a->files.name, a->files.count)
                          : folder(a, JEHEAP_HARNESS_DIR "/../corpora/vectors");
}

int command_run_decoder(struct arguments *a, const struct matrix *matrix,
                        const struct cell_list *list) {
    char dir[] = "/tmp/jeconform.XXXXXX";
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (!mkdtemp(dir)) {
        abort();
    }
    const struct emit_options wanted = {.vectors = dir,
                                        .matrix = matrix,
                                        .make_jobs = processors > 0 ? (unsigned)processors : 1,
                                        .quiet = a->quiet};
    int skipped = emit_cells(list, &wanted);
    int status = skipped < 0                      ? EXIT_WRONG
                 : (size_t)skipped == list->count ? EXIT_UNREADABLE
                                                  : folder(a, dir);
    kept_remove(dir);
    return status;
}
