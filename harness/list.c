#include "list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "witness.h"

/* Runs one of the build scripts, and gives its result. */
static struct json_object *ask_script(const char *const argv[], const char *result,
                                      const char *log) {
    run_logged(argv, log);
    struct json_object *answer = json_object_from_file(result);
    remove(result);
    remove(log);
    return answer;
}

struct asked {
    char dir[32], result[64], log[64], result_arg[96];
};

static bool prepare(struct asked *asked) {
    snprintf(asked->dir, sizeof(asked->dir), "/tmp/jeconform.XXXXXX");
    if (!mkdtemp(asked->dir)) {
        return false;
    }
    snprintf(asked->result, sizeof(asked->result), "%s/result", asked->dir);
    snprintf(asked->log, sizeof(asked->log), "%s/log", asked->dir);
    snprintf(asked->result_arg, sizeof(asked->result_arg), "-DRESULT=%s", asked->result);
    return true;
}

/* Asks which sources of pins are here, without fetching any. */
static struct json_object *known_sources(const struct asked *asked) {
    const char *const argv[] = {"cmake", asked->result_arg, "-P",
                                JEHEAP_HARNESS_DIR "/cmake/list.cmake", NULL};
    return ask_script(argv, asked->result, asked->log);
}

/* Fetches the pin's source, which is kept for later runs. */
static struct json_object *fetch_source(const struct asked *asked, const char *pin) {
    char pin_arg[256];
    snprintf(pin_arg, sizeof(pin_arg), "-DPIN=%s", pin);
    const char *const argv[] = {"cmake",
                                pin_arg,
                                asked->result_arg,
                                "-DSTAGE=source",
                                "-P",
                                JEHEAP_HARNESS_DIR "/cmake/cell.cmake",
                                NULL};
    return ask_script(argv, asked->result, asked->log);
}

static void print_line(struct json_object *o) {
    printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
    fflush(stdout);
    json_object_put(o);
}

static struct json_object *named(const char *kind, struct json_object *entry) {
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, kind, json_object_new_string(matrix_text(entry, "name")));
    return o;
}

/* Prints a pin. Its status is that of fetch_source(); NULL: the source was not asked for. */
static void print_pin(struct json_object *pin, const char *status, const char *why, bool json) {
    bool here = strcmp(status, "here") == 0 || strcmp(status, "ok") == 0;
    bool unknown = strcmp(status, "unknown") == 0;
    if (json) {
        struct json_object *o = named("pin", pin);
        json_object_object_add(o, "version", json_object_new_string(matrix_text(pin, "version")));
        json_object_object_add(o, "available", unknown ? NULL : json_object_new_boolean(here));
        json_object_object_add(o, "why", json_object_new_string(why));
        print_line(o);
        return;
    }
    printf("  %-14s jemalloc %-6s %s%s%s\n", matrix_text(pin, "name"), matrix_text(pin, "version"),
           here      ? "can be had"
           : unknown ? "unknown"
                     : "not here",
           *why ? ": " : "", why);
    fflush(stdout);
}

static void list_pin(const struct asked *asked, struct json_object *pin, struct json_object *known,
                     bool json) {
    const char *name = matrix_text(pin, "name");
    struct json_object *fetched = known ? NULL : fetch_source(asked, name);
    struct json_object *answer = known ? matrix_named(known, name) : fetched;
    print_pin(pin, answer ? matrix_text(answer, "status") : "fail",
              answer ? matrix_text(answer, "why") : "cmake did not answer", json);
    json_object_put(fetched);
}

static void list_config(struct json_object *config, bool json) {
    if (json) {
        struct json_object *o = named("config", config);
        json_object_object_add(o, "about", json_object_new_string(matrix_text(config, "about")));
        print_line(o);
        return;
    }
    const char *since = matrix_text(config, "since");
    printf("  %-17s %s%s%s%s\n", matrix_text(config, "name"), matrix_text(config, "about"),
           *since ? " (from " : "", since, *since ? " on)" : "");
}

static void list_pins(const struct matrix *matrix, const struct asked *asked, bool json,
                      bool fetch) {
    struct json_object *answer = fetch ? NULL : known_sources(asked), *known = NULL;
    if (answer) {
        json_object_object_get_ex(answer, "pins", &known);
    }
    struct json_object *none = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(matrix->pins); i++) {
        list_pin(asked, json_object_array_get_idx(matrix->pins, i),
                 fetch   ? NULL
                 : known ? known
                         : none,
                 json);
    }
    json_object_put(none);
    json_object_put(answer);
}

int list_plan(const struct matrix *matrix, bool json, bool fetch) {
    struct asked asked;
    if (!prepare(&asked)) {
        fprintf(stderr, "jeconform: no folder can be made in /tmp: %s\n", strerror(errno));
        return 3;
    }
    if (!json) {
        printf("pins\n");
    }
    list_pins(matrix, &asked, json, fetch);
    if (!json) {
        printf("configs\n");
    }
    for (size_t i = 0; i < json_object_array_length(matrix->configs); i++) {
        list_config(json_object_array_get_idx(matrix->configs, i), json);
    }
    rmdir(asked.dir);
    return 0;
}
