/* sandbox.c - no new privileges, Landlock, and the order of things. */
#include "sandbox.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Landlock ------------------------------------------------------------------------------- */

/* The kernel's linux/landlock.h, of which a system's copy may be older than its kernel. */
enum { CREATE_RULESET = 444, RESTRICT_SELF = 446, ASK_VERSION = 1 };

struct ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net; /* ABI 4 */
    uint64_t scoped;             /* ABI 6 */
};

enum {
    FS_READ = 1 << 2 | 1 << 3, /* READ_FILE, READ_DIR */
    NET_BIND_CONNECT = 3,
    SCOPE_SOCKET_SIGNAL = 3
};

/* All that one can do with a file, as each ABI knows it: 2 brought REFER, 3 TRUNCATE, 5 ioctls of
 * devices. */
static uint64_t everything(long abi) {
    unsigned bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
    return (UINT64_C(1) << bits) - 1;
}

static size_t ruleset_size(long abi) {
    return abi >= 6   ? sizeof(struct ruleset)
           : abi >= 4 ? offsetof(struct ruleset, scoped)
                      : offsetof(struct ruleset, handled_access_net);
}

/* A ruleset without rules forbids all that it handles. */
static const char *landlock(enum sandbox_step step) {
    static const char none[] = "this kernel has no Landlock";
    long abi = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
    if (abi < 1) {
        return none;
    }
    struct ruleset rules = {.handled_access_fs = everything(abi)};
    if (step == SANDBOX_OPENING) {
        rules.handled_access_fs &= ~(uint64_t)FS_READ;
        rules.handled_access_net = abi >= 4 ? NET_BIND_CONNECT : 0;
        rules.scoped = abi >= 6 ? SCOPE_SOCKET_SIGNAL : 0;
    }
    long fd = syscall(CREATE_RULESET, &rules, ruleset_size(abi), 0);
    if (fd < 0) {
        return none;
    }
    long done = syscall(RESTRICT_SELF, fd, 0);
    close((int)fd);
    return done == 0 ? NULL : none;
}

/* ---- both steps ----------------------------------------------------------------------------- */

static const char *step(const struct sandbox *sandbox, enum sandbox_step which) {
    const char *lacks = sandbox->pid || sandbox->other ? NULL : landlock(which);
#ifdef JEHEAP_SECCOMP
    const char *calls = sandbox_calls(sandbox, which);
#else
    const char *calls = "this jeheap was built without libseccomp";
#endif
    return calls ? calls : lacks;
}

const char *sandbox_start(const struct sandbox *sandbox) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return "this kernel has no no_new_privs";
    }
    return step(sandbox, SANDBOX_OPENING);
}

const char *sandbox_tighten(const struct sandbox *sandbox) {
    return step(sandbox, SANDBOX_READING);
}

const char *sandbox_parts(void) {
#ifdef JEHEAP_SECCOMP
    return "sandbox: seccomp, Landlock";
#else
    return "sandbox: Landlock, built without libseccomp";
#endif
}
