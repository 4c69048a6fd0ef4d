#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef JEHEAP_SECCOMP
#include <seccomp.h>
#endif

static bool limit(int what, rlim_t value) {
    const struct rlimit most = {value, value};
    return setrlimit(what, &most) == 0;
}

static void write_map(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)!write(fd, text, strlen(text));
        close(fd);
    }
}

/* A network of its own, without a single device; as the user who it is. */
static bool own_network(void) {
    char uid[64], gid[64];
    snprintf(uid, sizeof(uid), "%d %d 1", (int)getuid(), (int)getuid());
    snprintf(gid, sizeof(gid), "%d %d 1", (int)getgid(), (int)getgid());
    if (unshare(CLONE_NEWNET) == 0) {
        return true;
    }
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        return false;
    }
    write_map("/proc/self/setgroups", "deny");
    write_map("/proc/self/uid_map", uid);
    write_map("/proc/self/gid_map", gid);
    return true;
}

/* No socket at all. A program of this machine's other word size has no filter of its own and is
 * allowed what others are. */
static bool no_sockets(void) {
#ifdef JEHEAP_SECCOMP
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool good =
        filter != NULL &&
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 0) == 0 &&
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(io_uring_setup), 0) == 0 &&
        seccomp_load(filter) == 0;
    seccomp_release(filter);
    return good;
#else
    return false;
#endif
}

bool confine(unsigned mib) {
    const rlim_t mebibyte = 1 << 20, files = 256;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bool limited = limit(RLIMIT_AS, mib * mebibyte) && limit(RLIMIT_CORE, 0) &&
                   limit(RLIMIT_FSIZE, files * mebibyte) &&
                   prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    bool apart = own_network();
    bool quiet = no_sockets() || apart;
    if (!limited || !quiet) {
        fprintf(stderr, "it cannot be kept from %s here\n",
                limited ? "the network" : "more memory");
    }
    return limited && quiet;
}
