/* report_files.c - opens the files of a report. They are tried before the run, which may take
 * hours. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report_read.h"

static const struct format {
    const char *option;
    void (*write)(struct json_object *report, FILE *file);
} formats[REPORT_FORMATS] = {{"--report-json", report_write_json},
                             {"--report-junit", report_write_junit},
                             {"--report-html", report_write_html}};

static bool complain(const char *option, const char *path, int error) {
    fprintf(stderr, "jeconform: %s %s cannot be written: %s\n", option, path, strerror(error));
    return false;
}

/* Gives 0, or the errno of opening the file. An existing file keeps its contents until the report
 * is written. */
static int try_to_write(const char *path) {
    struct stat st;
    if (stat(path, &st) == 0) {
        return S_ISDIR(st.st_mode) ? EISDIR : access(path, W_OK) == 0 ? 0 : errno;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        return errno;
    }
    close(fd);
    unlink(path);
    return 0;
}

bool report_files_check(const struct report_files *files) {
    for (size_t i = 0; i < REPORT_FORMATS; i++) {
        int error = files->path[i] ? try_to_write(files->path[i]) : 0;
        if (error) {
            return complain(formats[i].option, files->path[i], error);
        }
    }
    return true;
}

static bool write_one(const struct format *format, const char *path, struct json_object *report) {
    FILE *file = fopen(path, "w");
    if (!file) {
        return complain(format->option, path, errno);
    }
    format->write(report, file);
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        return complain(format->option, path, errno);
    }
    return true;
}

bool report_files_write(const struct report_files *files, struct json_object *report) {
    bool written = true;
    for (size_t i = 0; i < REPORT_FORMATS; i++) {
        written = (!files->path[i] || write_one(&formats[i], files->path[i], report)) && written;
    }
    return written;
}
