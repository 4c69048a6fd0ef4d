/* small_heap: a program with a small jemalloc heap that holds still. Cores of it are small too. */
#include <jemalloc/jemalloc.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifdef SECOND
void *SECOND(size_t size);
#endif

#ifdef BOGUS
uintptr_t bogus_arena_emap_global[15 + (8 << 18) / sizeof(uintptr_t)]; /* behind a mutex */
static _Alignas(4096) uintptr_t bogus_node[(8 << 18) / sizeof(uintptr_t)];
#endif

#ifdef COPY
extern char je_arena_emap_global[];
#endif

#ifdef TEXT /* so much more of it, as large programs have */
__asm__(".pushsection .text.large, \"ax\"\n" TEXT "\n.popsection");
#endif

enum { COUNT = 400, LARGE = 100000, HOURS = 6 };

static void *kept[COUNT];

static void leave(int number) {
    (void)number;
#ifdef SLEEPS /* goes on as another program */
    execl("/bin/sleep", "sleep", "3600", (char *)NULL);
#endif
    _exit(0);
}

/* Gives away all of jemalloc's memory: mappings without a name, of some size. The process's name
 * says when that is done. */
static void unmap(int number) {
    static char maps[1 << 20];
    int fd = open("/proc/self/maps", O_RDONLY);
    size_t len = 0;
    for (ssize_t n; (n = read(fd, maps + len, sizeof(maps) - 1 - len)) > 0;) {
        len += (size_t)n;
    }
    (void)number;
    for (char *line = maps; (line = strchr(line, '\n')) != NULL;) {
        unsigned long start, end;
        int name = 0;
        line++;
        if (sscanf(line, "%lx-%lx rw-p 00000000 00:00 0%n", &start, &end, &name) == 2 && name &&
            strncmp(line + name, " \n", 2) == 0 && end - start >= 1 << 20) {
            munmap((void *)start, end - start);
        }
    }
    prctl(PR_SET_NAME, "unmapped");
}

#ifdef TWICE /* a part of its own file once more, above all of the heap: before jemalloc starts */
static void map_twice(void) {
    int self = open("/proc/self/exe", O_RDONLY);
    void *room = mmap(NULL, 16 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mmap(room, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, self, 4096) ==
        MAP_FAILED) {
        _exit(1);
    }
    close(self);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = map_twice;
#endif

/* Text to look for: in what is live, in what was freed, in a global and on the stack. */
#ifdef SECRETS
static char global[4096];

static void hide(volatile char *at, size_t size) {
    for (size_t i = 0; i < size; i++) {
        at[i] = "TOP-SECRET-"[i % 11];
    }
}

static void hide_all(volatile char *stack, size_t size) {
    void *gone[COUNT];
    hide(stack, size);
    hide(global, sizeof(global));
    for (int i = 0; i < COUNT; i++) {
        hide(kept[i], (size_t)i * 13 + 1);
        gone[i] = je_mallocx((size_t)i * 40 + 24, i % 2 ? MALLOCX_TCACHE_NONE : 0);
        hide(gone[i], (size_t)i * 40 + 24);
    }
    for (int i = 0; i < COUNT; i++) {
        je_dallocx(gone[i], i % 2 ? MALLOCX_TCACHE_NONE : 0);
    }
}
#endif

int main(void) {
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    for (int i = 0; i < COUNT; i++) {
        kept[i] = je_malloc((size_t)i * 13 + 1);
    }
#ifdef FEW_LARGE /* among very many slabs */
    for (int i = 0; i < 200000; i++) {
        if (je_malloc(i % 100000 == 0 ? 50000 : 300) == NULL) {
            return 1;
        }
    }
#endif
    void *large = je_mallocx(LARGE, MALLOCX_TCACHE_NONE);
    memset(large, 0xff, 256); /* what no extent looks like */
    void **no_bin = (void **)(((uintptr_t)large + 512) & -(uintptr_t)128);
    no_bin[0] = (void *)(36ul << 20 | 1 << 12); /* a slab as 5.3.0 writes it, of szind 36 */
    no_bin[1] = no_bin[2] = (void *)0x10000;    /* address and size */
    void **stray = no_bin + 128 / sizeof(void *);
    stray[0] = (void *)(232ul << 20 | 3 << 17); /* a retained extent, of which no leaf knows */
    stray[1] = stray[2] = (void *)0x10000;
#ifdef ROOMY /* so much of jemalloc's, of which a little is written to, and other memory */
    char *theirs = je_malloc(ROOMY);
    memset(theirs, 1, 32 << 20);
    char *ours = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(ours, 1, 64 << 20);
#endif
#ifdef READS /* what is only read is zero, and the kernel's */
    volatile char *zeroes = je_malloc(64 << 20);
    for (size_t i = 0; i < 64 << 20; i += 4096) {
        (void)zeroes[i];
    }
#endif
#ifdef FORKS /* the child has all pages, too */
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            pause();
        }
    }
#endif
#ifdef SECOND /* another jemalloc in the same program; IDLE: it is never asked */
    void *(*volatile second)(size_t) = SECOND;
#ifdef EVENLY /* as much of both */
    for (int i = 0; i < COUNT; i++) {
        if (je_malloc(20000) == NULL || second(20000) == NULL) {
            return 1;
        }
    }
#endif
#ifndef IDLE
    kept[0] = second(100);
#endif
#endif
#ifdef COPY /* of the root node, where no file is mapped */
    void *copy = mmap(NULL, 8 << 18, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(copy, je_arena_emap_global + 120, 8 << 18);
    printf("copy %p\n", copy);
#endif
#ifdef BOGUS /* a node that leads to no extents */
    bogus_arena_emap_global[15 + 7] = (uintptr_t)bogus_node;
    for (int i = 0; i < 1000; i++) {
        bogus_node[i] = (uintptr_t)bogus_node;
    }
#endif
#ifdef RESERVE /* so many bytes, of which none is used */
    if (mmap(NULL, RESERVE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) ==
        MAP_FAILED) {
        return 1;
    }
#endif
#ifdef ZEROES /* where nothing is mapped from a file */
    printf("zeroes %p\n",
           mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
#endif
#ifdef ITSELF /* its own file, to be read */
    int self = open("/proc/self/exe", O_RDONLY);
    if (mmap(NULL, (size_t)lseek(self, 0, SEEK_END), PROT_READ, MAP_PRIVATE, self, 0) ==
        MAP_FAILED) {
        return 1;
    }
#endif
#ifdef SECRETS
    char stack[1024];
    hide_all(stack, sizeof(stack));
    hide(large, LARGE);
#endif
    printf("first %p\nlarge %p\nusable %zu\nno_bin %p\nstray %p\nstack %p\ncode %p\nready\n",
           kept[0], large, je_malloc_usable_size(large), (void *)no_bin, (void *)stray,
           (void *)&large, (void *)main);
    fflush(stdout);
    signal(SIGUSR1, leave);
    signal(SIGUSR2, unmap);
    alarm(HOURS * 3600); /* if nobody ends it: longer than any run of the tests */
    for (;;) {
        pause();
    }
}
