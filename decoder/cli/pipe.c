/* pipe.c - a core that comes from a pipe: standard input, a FIFO, `<(zstd -dc core.zst)`.
 *
 * A core is not read from its beginning to its end, so it is copied first. Zeroes take no room. */
#include "pipe.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 65536 };

static int cannot_copy(const struct arguments *a, const char *why) {
    cli_say("%s: cannot be copied: %s", a->target.target, why);
    return EXIT_UNREADABLE;
}

/* One that is gone when it is closed. /tmp is often kept in memory. */
static int unnamed_file(void) {
    const char *folder = getenv("TMPDIR");
    char name[4096];
    int length = snprintf(name, sizeof(name), "%s/jeheap.XXXXXX", folder ? folder : "/var/tmp");
    if ((size_t)length >= sizeof(name)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0) {
        unlink(name);
    }
    return fd;
}

/* Waits for so many bytes at least, unless it ends before. Negative: errno, ETIME when the time is
 * over. */
static ssize_t next_piece(const struct arguments *a, int fd, char *bytes, size_t least) {
    size_t len = 0;
    ssize_t got = 1;
    while (len < least && got != 0) {
        int left = progress_left(a);
        if (left == 0) {
            errno = ETIME;
            return -1;
        }
        got = read(fd, bytes + len, PIECE - len);
        if (got < 0 && errno != EAGAIN) {
            return got;
        }
        if (got < 0) {
            struct pollfd wait = {.fd = fd, .events = POLLIN};
            (void)poll(&wait, 1, left);
        }
        len += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)len;
}

static bool is_zero(const char *bytes, size_t len) {
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

static bool write_all(int fd, const char *bytes, size_t len, uint64_t at) {
    if (is_zero(bytes, len)) {
        return ftruncate(fd, (off_t)(at + len)) == 0;
    }
    while (len != 0) {
        ssize_t done = pwrite(fd, bytes, len, (off_t)at);
        if (done < 0) {
            return false;
        }
        bytes += done;
        at += (size_t)done;
        len -= (size_t)done;
    }
    return true;
}

static int too_much(const struct arguments *a) {
    cli_say("%s: more than %" PRIu64
            " bytes come from this pipe; write the core to a file, or give "
            "a higher --pipe-limit, such as --pipe-limit 64G",
            a->target.target, a->pipe_limit);
    return EXIT_UNREADABLE;
}

static int not_read(const struct arguments *a) {
    if (errno != ETIME) {
        return cannot_copy(a, strerror(errno));
    }
    cli_say("%s: the time was over (--timeout %" PRIu64
            ") while the core was copied from this pipe",
            a->target.target, a->timeout);
    return EXIT_PARTIAL;
}

/* All of it; of what is no ELF file the beginning, which tells what it is. */
static int copy_core(const struct arguments *a, int from, int to) {
    char bytes[PIECE];
    uint64_t size = 0;
    ssize_t got = 0;
    bool elf = true;
    while (elf && (got = next_piece(a, from, bytes, size ? 1 : SELFMAG)) > 0) {
        if (size + (size_t)got > a->pipe_limit) {
            return too_much(a);
        }
        elf = size != 0 || (got >= SELFMAG && memcmp(bytes, ELFMAG, SELFMAG) == 0);
        if (!write_all(to, bytes, (size_t)got, size)) {
            return cannot_copy(a, strerror(errno));
        }
        size += (size_t)got;
    }
    if (got < 0) {
        return not_read(a);
    }
    return size == 0 ? cannot_copy(a, "nothing comes from this pipe; not a core") : EXIT_DONE;
}

int pipe_copy(struct arguments *args) {
    static char copies[2][32];
    static unsigned count;
    const char *target = args->target.target;
    struct stat st;
    if (!target || jt_is_process(target) || stat(target, &st) != 0 || !S_ISFIFO(st.st_mode)) {
        return EXIT_DONE;
    }
    int from = open(target, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO may have no writer */
    int to = from < 0 ? -1 : unnamed_file();
    if (to < 0) {
        return cannot_copy(args, strerror(errno));
    }
    int status = copy_core(args, from, to);
    close(from);
    char *copied = copies[count++ % 2];
    snprintf(copied, sizeof(copies[0]), "/proc/self/fd/%d", to);
    args->target.name = target;
    args->target.target = copied;
    return status;
}
