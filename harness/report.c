#include "report.h"

#include <string.h>

#include "report_read.h"

const char *const report_levels[REPORT_LEVELS] = {"constants", "functions", "heap", "api",
                                                  "offline"};

struct json_object *report_member(struct json_object *o, const char *key) {
    struct json_object *value = NULL;
    json_object_object_get_ex(o, key, &value);
    return value;
}

uint64_t report_number(struct json_object *o, const char *key) {
    return json_object_get_uint64(report_member(o, key));
}

struct json_object *report_cell(struct json_object *report, size_t i) {
    return json_object_array_get_idx(report_member(report, "cells"), i);
}

size_t report_cells(struct json_object *report) {
    return json_object_array_length(report_member(report, "cells"));
}

uint64_t report_sum(struct json_object *report, const char *level, const char *key) {
    uint64_t total = 0;
    for (size_t i = 0; i < report_cells(report); i++) {
        total += report_number(report_member(report_cell(report, i), level), key);
    }
    return total;
}

static uint64_t count(struct json_object *report, const char *status) {
    uint64_t total = 0;
    for (size_t i = 0; i < report_cells(report); i++) {
        total += strcmp(matrix_text(report_cell(report, i), "status"), status) == 0;
    }
    return total;
}

static void add(struct json_object *o, const char *key, uint64_t value) {
    json_object_object_add(o, key, json_object_new_uint64(value));
}

struct json_object *report_make(struct json_object *cells) {
    struct json_object *report = json_object_new_object();
    struct json_object *totals = json_object_new_object();
    uint64_t compared = 0, mismatches = 0;
    json_object_object_add(report, "schema", json_object_new_int(1));
    json_object_object_add(report, "cells", cells);
    for (size_t i = 0; i < REPORT_LEVELS; i++) {
        compared += report_sum(report, report_levels[i], "compared");
        mismatches += report_sum(report, report_levels[i], "mismatches");
    }
    add(totals, "cells", report_cells(report));
    add(totals, "pass", count(report, "pass"));
    add(totals, "fail", count(report, "fail"));
    add(totals, "skip", count(report, "skip"));
    add(totals, "compared", compared);
    add(totals, "mismatches", mismatches);
    add(totals, "heap_extents", report_sum(report, "heap", "extents"));
    add(totals, "heap_fields", report_sum(report, "heap", "fields"));
    add(totals, "heap_lookups", report_sum(report, "heap", "lookups"));
    add(totals, "heap_regions", report_sum(report, "heap", "regions"));
    add(totals, "cached",
        report_sum(report, "heap", "cached") + report_sum(report, "offline", "cached"));
    add(totals, "cached_in_storage",
        report_sum(report, "heap", "cached_in_storage") +
            report_sum(report, "offline", "cached_in_storage"));
    json_object_object_add(report, "totals", totals);
    return report;
}

bool report_failed(struct json_object *report) {
    return report_number(report_member(report, "totals"), "fail") != 0;
}

bool report_is_sound(struct json_object *report) {
    return json_object_is_type(report, json_type_object) &&
           json_object_is_type(report_member(report, "cells"), json_type_array) &&
           json_object_is_type(report_member(report, "totals"), json_type_object);
}
