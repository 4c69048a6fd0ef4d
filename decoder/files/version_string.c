/* version_string.c - the form of jemalloc's version string, "5.3.0-0-g54eaed1d8b56...", which
 * strip(1) leaves in a file. version_find.c looks for it. */
#include <ctype.h>
#include <string.h>

#include "files/inside.h"

enum jh_version jt_version_likely(unsigned rank) {
    unsigned v = 0;
    while (v + 1 < JH_VERSIONS && jh_family((enum jh_version)v)->likely != rank) {
        v++;
    }
    return (enum jh_version)v;
}

const char *jt_versions_text(char out[JT_VERSIONS_TEXT]) {
    size_t at = 0;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        const char *between = v == 0 ? "" : v + 1 < JH_VERSIONS ? ", " : " and ";
        at += (size_t)snprintf(out + at, JT_VERSIONS_TEXT - at, "%s%s", between,
                               jh_version_name((enum jh_version)v));
    }
    return out;
}

/* The version string that configure.ac writes when neither git nor the file VERSION tells it, as in
 * the archives that GitHub makes of a tag: 5.0 to 5.2, and 5.3. It is kept in two pieces, so that
 * this program has no such string itself. */
static const char unsaid[] = "0.0.0-0-g000000";
static const char *const unsaid_rest[] = {"0000000000000000000000000000000000",
                                          "missing_version_try_git_fetch_tags"};

bool jt_version_unsaid(const char *text) {
    size_t len = sizeof unsaid - 1;
    if (strncmp(text, unsaid, len) != 0) {
        return false;
    }
    return strcmp(text + len, unsaid_rest[0]) == 0 || strcmp(text + len, unsaid_rest[1]) == 0;
}

void jt_version_unsaid_in(const uint8_t *bytes, size_t size, char out[JT_UNSAID_MAX]) {
    size_t len = sizeof unsaid - 1 + strlen(unsaid_rest[0]); /* both rests are of this length */
    const uint8_t *at = bytes, *end = bytes + size;
    while ((at = memmem(at, (size_t)(end - at), unsaid, sizeof unsaid - 1)) != NULL &&
           (size_t)(end - at) > len) {
        char text[JT_UNSAID_MAX] = "";
        memcpy(text, at, len + 1);
        if (jt_version_unsaid(text)) {
            memcpy(out, text, len + 1);
            return;
        }
        at++;
    }
}

/* The number of digits at s, or most + 1 when there are more: a long run of digits is not read to
 * its end from each of its digits. */
static size_t digits(const uint8_t *s, size_t left, int (*is)(int), size_t most) {
    size_t n = 0;
    while (n < left && n <= most && is(s[n])) {
        n++;
    }
    return n;
}

/* The length of a version string, D.D.D-N-gHEX and a 0, that begins at s; 0: none begins there. */
static size_t match(const uint8_t *s, size_t left) {
    static const char *const between[] = {".", ".", "-", "-g"};
    size_t at = 0;
    for (size_t i = 0; i < 5; i++) {
        size_t most = i < 4 ? 6 : 40,
               n = digits(s + at, left - at, i < 4 ? isdigit : isxdigit, most);
        if (n == 0 || n > most || (i == 0 && n != 1)) {
            return 0;
        }
        at += n;
        size_t skip = i < 4 ? strlen(between[i]) : 0;
        if (left - at < skip || (i < 4 && memcmp(s + at, between[i], skip) != 0)) {
            return 0;
        }
        at += skip;
    }
    return at < left && s[at] == 0 ? at : 0;
}

/* The next version string with that major number, from *at on. */
static bool next_of_major(const uint8_t *bytes, size_t size, size_t *at, char major,
                          char out[128]) {
    while (*at < size) {
        const uint8_t *digit = memchr(bytes + *at, major, size - *at);
        if (digit == NULL) {
            break;
        }
        size_t here = (size_t)(digit - bytes), len = match(digit, size - here);
        *at = here + 1;
        /* letters may stand before it: they are the end of another constant */
        if (len == 0 || len > 127 || (here != 0 && (isdigit(digit[-1]) || digit[-1] == '.'))) {
            continue;
        }
        memcpy(out, digit, len);
        out[len] = 0;
        *at = here + len;
        return true;
    }
    *at = size;
    return false;
}

bool jt_version_next(const uint8_t *bytes, size_t size, size_t *at, char out[128]) {
    return next_of_major(bytes, size, at, '5', out);
}

/* Has the version string all 40 digits of the commit? jemalloc's configure asks git describe for
 * all of them; other programs' version strings have fewer. */
static bool has_whole_commit(const char *text) {
    return strlen(text + strcspn(text, "g")) == 1 + 40;
}

bool jt_version_old(const struct jt_module *module, char out[128]) {
    Elf_Scn *scn =
        jt_section(module->elf->elf, ".rodata"); /* callers give modules that have a file */
    const Elf_Data *data = scn == NULL ? NULL : elf_rawdata(scn, NULL);
    for (char major = '3'; data != NULL && data->d_buf != NULL && major <= '4'; major++) {
        for (size_t at = 0; next_of_major(data->d_buf, data->d_size, &at, major, out);) {
            if (has_whole_commit(out)) {
                return true;
            }
        }
    }
    return false;
}

bool jt_version_unknown(const char *text) {
    enum jh_version version;
    return text[0] != 0 && !jt_version_unsaid(text) && jh_version_parse(text, &version) != JH_OK;
}

const char *jt_version_text(const struct jt_target *target) {
    return target->version_string[0] != 0 ? target->version_string : "(no version string)";
}
