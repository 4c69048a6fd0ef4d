#include "list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "witness.h"

/* Asks the build scripts to fetch the pin's source (kept for later runs): the only true answer. */
static struct json_object *try_source(const char *pin) {
    char dir[] = "/tmp/jeconform.XXXXXX", result[64], log[64], pin_arg[256], result_arg[96];
    if (!mkdtemp(dir)) {
        return NULL;
    }
    snprintf(result, sizeof(result), "%s/result", dir);
    snprintf(log, sizeof(log), "%s/log", dir);
    snprintf(pin_arg, sizeof(pin_arg), "-DPIN=%s", pin);
    snprintf(result_arg, sizeof(result_arg), "-DRESULT=%s", result);
    const char *const argv[] = {"cmake",    pin_arg,
                                result_arg, "-DSTAGE=source",
                                "-P",       JEHEAP_HARNESS_DIR "/cmake/cell.cmake",
                                NULL};
    run_logged(argv, log);
    struct json_object *answer = json_object_from_file(result);
    remove(result);
    remove(log);
    rmdir(dir);
    return answer;
}

static void print_json(const char *kind, struct json_object *entry, const char *status,
                       const char *why) {
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, kind, json_object_new_string(plan_text(entry, "name")));
    if (status) {
        json_object_object_add(o, "version", json_object_new_string(plan_text(entry, "version")));
        json_object_object_add(o, "available", json_object_new_boolean(*status == 'o'));
        json_object_object_add(o, "why", json_object_new_string(why));
    } else {
        json_object_object_add(o, "about", json_object_new_string(plan_text(entry, "about")));
    }
    printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
    json_object_put(o);
}

static void list_pin(struct json_object *pin, bool json) {
    struct json_object *answer = try_source(plan_text(pin, "name"));
    const char *status = answer ? plan_text(answer, "status") : "fail";
    const char *why = answer ? plan_text(answer, "why") : "cmake did not answer";
    if (json) {
        print_json("pin", pin, status, why);
    } else {
        printf("  %-14s jemalloc %-6s %s%s%s\n", plan_text(pin, "name"), plan_text(pin, "version"),
               *status == 'o' ? "can be had" : "not here", *why ? ": " : "", why);
    }
    json_object_put(answer);
}

static void list_config(struct json_object *config, bool json) {
    if (json) {
        print_json("config", config, NULL, NULL);
        return;
    }
    const char *since = plan_text(config, "since");
    printf("  %-17s %s%s%s%s\n", plan_text(config, "name"), plan_text(config, "about"),
           *since ? " (from " : "", since, *since ? " on)" : "");
}

int list_plan(const struct plan *plan, bool json) {
    if (!json) {
        printf("pins\n");
    }
    for (size_t i = 0; i < json_object_array_length(plan->pins); i++) {
        list_pin(json_object_array_get_idx(plan->pins, i), json);
        fflush(stdout);
    }
    if (!json) {
        printf("configs\n");
    }
    for (size_t i = 0; i < json_object_array_length(plan->configs); i++) {
        list_config(json_object_array_get_idx(plan->configs, i), json);
    }
    return 0;
}
