/* report_made.c - adds to a report when, where and by what command it was made, and what differs in
 * a second run. */
#include <gnu/libc-version.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "report_read.h"

static void add_text(struct json_object *o, const char *key, const char *text) {
    json_object_object_add(o, key, json_object_new_string(text));
}

static void append(char *out, size_t size, const char *text) {
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%s", text);
}

void report_command(int argc, char **argv, char *out, size_t size) {
    snprintf(out, size, "jeconform");
    for (int i = 1; i < argc; i++) {
        const char *quote = matrix_plain(argv[i]) ? "" : "'";
        append(out, size, " ");
        append(out, size, quote);
        append(out, size, argv[i]);
        append(out, size, quote);
    }
}

/* The name of the distribution: PRETTY_NAME of /etc/os-release. */
static void system_name(char *out, size_t size) {
    char line[256];
    FILE *file = fopen("/etc/os-release", "r");
    out[0] = '\0';
    while (file && fgets(line, sizeof(line), file)) {
        char name[200];
        if (sscanf(line, "PRETTY_NAME=\"%199[^\"]", name) == 1) {
            snprintf(out, size, "%s, ", name);
        }
    }
    if (file) {
        fclose(file);
    }
}

/* Describes the machine, without a name that identifies it: reports are published. */
static void add_machine(struct json_object *o) {
    struct utsname u;
    char text[700], system[256];
    system_name(system, sizeof(system));
    if (uname(&u) == 0) {
        snprintf(text, sizeof(text), "%s%s %s, %s, %ld processors", system, u.sysname, u.release,
                 u.machine, sysconf(_SC_NPROCESSORS_ONLN));
        add_text(o, "machine", text);
    }
}

static void add_date(struct json_object *o) {
    char text[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &utc);
    add_text(o, "date", text);
}

void report_made(struct json_object *report, const char *command) {
    struct json_object *made = json_object_new_object();
    char versions[128];
    snprintf(versions, sizeof(versions),
             "jeconform " JEHEAP_VERSION ", compiler " __VERSION__ ", glibc %s",
             gnu_get_libc_version());
    add_date(made);
    add_text(made, "command", command);
    add_machine(made);
    add_text(made, "versions", versions);
    json_object_object_add(report, "made", made);
    add_text(
        report, "varies",
        "The same seed makes the same calls in the same order. What differs from run to run all "
        "the same: addresses, which the system chooses; where a large allocation starts in its "
        "extent, which jemalloc derives from an address; how many unused extents there are, which "
        "depends on how far decay has come; so the number of values compared under heap, api and "
        "offline, and of lookups, because pages of unused extents and what lies beside an "
        "allocation are asked about too; and seconds.");
}
