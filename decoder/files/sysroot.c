/* sysroot.c - files of another machine or of a container are looked for in the folder that
 * --sysroot names, as if it were the root of the file system. Absolute symbolic links and ".." stay
 * inside it.
 *
 * openat2() with RESOLVE_IN_ROOT does the same, but a seccomp filter cannot see its flags (it could
 * open files for writing), and older kernels do not have it. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "files/inside.h"

#define LINKS_MAX 40 /* the kernel's limit; links may go in circles */

/* A path that is being followed: done is the path so far, without links, rest is what remains. */
struct walk {
    char done[PATH_MAX], rest[PATH_MAX];
    size_t root, len; /* bytes of done: of the folder of --sysroot, and of all */
    unsigned links;
};

static void go_up(struct walk *w) {
    while (w->len > w->root && w->done[w->len - 1] != '/') {
        w->len--;
    }
    w->len -= w->len > w->root;
}

/* Goes on to the entry with this name of n bytes, and follows it when it is a link; *after is the
 * path behind the name. False: the path or the number of links is too long. */
static bool go_down(struct walk *w, const char *name, size_t n, const char **after) {
    char link[PATH_MAX];
    if (w->len + n + 2 > sizeof w->done) {
        return false;
    }
    w->done[w->len] = '/';
    memcpy(w->done + w->len + 1, name, n);
    w->done[w->len + 1 + n] = 0;
    ssize_t to = readlink(w->done, link, sizeof link);
    if (to < 0) { /* no link, or no such file; opening the file tells */
        w->len += n + 1;
        return true;
    }
    size_t left = strlen(*after) + 1;
    if (++w->links > LINKS_MAX || (size_t)to + left > sizeof w->rest) {
        return false;
    }
    memmove(w->rest + to, *after, left);
    memcpy(w->rest, link, (size_t)to);
    *after = w->rest;
    w->len = link[0] == '/' ? w->root : w->len;
    return true;
}

static bool follow(struct walk *w, const char *folder, const char *name) {
    w->links = 0;
    w->len = w->root = strlen(folder);
    size_t left = strlen(name) + 1;
    if (w->root >= sizeof w->done || left > sizeof w->rest) {
        return false;
    }
    memcpy(w->done, folder, w->root);
    memcpy(w->rest, name, left);
    for (const char *at = w->rest; *(at += strspn(at, "/")) != 0;) {
        size_t n = strcspn(at, "/");
        const char *name_at = at;
        at += n;
        if (n == 2 && memcmp(name_at, "..", 2) == 0) {
            go_up(w);
        } else if ((n != 1 || name_at[0] != '.') && !go_down(w, name_at, n, &at)) {
            return false;
        }
    }
    w->done[w->len] = 0;
    return true;
}

static struct jt_elf *open_in_root(void *arg, const char *file) {
    const char *folder = ((const struct jt_sysroot *)arg)->folder;
    size_t len = strlen(folder);
    struct walk w;
    if (strncmp(file, folder, len) != 0 || (file[len] != '/' && file[len - 1] != '/')) {
        return jt_files_here.open(jt_files_here.arg, file); /* the file of --exe */
    }
    return follow(&w, folder, file + len) ? jt_files_here.open(jt_files_here.arg, w.done) : NULL;
}

void jt_sysroot_start(struct jt_target *target, const char *folder) {
    struct jt_file_source *source = target->priv->source;
    source->sysroot = folder;
    source->root = (struct jt_sysroot){folder, {open_in_root, &source->root}};
    if (source->files == &jt_files_here &&
        target->kind ==
            JT_CORE) { /* a process is read through /proc, which is outside of the folder */
        source->files = &source->root.files;
    }
}

void jt_sysroot_end(struct jt_target *target) {
    struct jt_file_source *source = target->priv->source;
    source->files = source->files == &source->root.files ? &jt_files_here : source->files;
    source->sysroot = NULL; /* the caller may free the text */
}
