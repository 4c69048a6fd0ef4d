/* Sparse cores: what is a hole of the file is zero, there, and never put into memory. Long work
 * that is watched, and ended. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "open/inside.h"

#define PAGE 4096u
#define HOLE (UINT64_C(3) << 30)
#define AT UINT64_C(0x10000)
#define END (AT + 2 * PAGE + HOLE)

/* ---- files ---------------------------------------------------------------------------------- */

static int new_file(char path[64]) {
    memcpy(path, "/tmp/jeheap-holes-XXXXXX", sizeof "/tmp/jeheap-holes-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    return fd;
}

/* A page on the disk at each of these multiples of 64 KiB. */
static int scattered(unsigned pages, uint64_t size) {
    static const uint8_t page[PAGE] = {1};
    char path[64];
    int fd = new_file(path);
    unlink(path);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    for (unsigned i = 0; i < pages; i++) {
        assert_int_equal(pwrite(fd, page, PAGE, (off_t)i << 16), PAGE);
    }
    if (lseek(fd, 0, SEEK_HOLE) == (off_t)size) {
        close(fd);
        skip(); /* this file system has no holes */
    }
    return fd;
}

static void all_runs(void **state) {
    enum { PAGES = 32 };
    struct jt_private priv = {.watch = NULL};
    struct jt_target target = {.priv = &priv};
    struct jt_ranges data = {NULL, 0, 0, false};
    int fd = scattered(PAGES, HOLE);
    (void)state;
    assert_true(jt_data_find(&target, fd, HOLE, 1000, &data));
    assert_int_equal(data.count, PAGES);
    for (unsigned i = 0; i < PAGES; i++) {
        assert_int_equal(data.range[i].start, i << 16);
        assert_int_equal(data.range[i].end, (i << 16) + PAGE);
    }
    jt_ranges_free(&data);
    close(fd);
}

/* With no room for all of them short holes count as data. */
static void too_many_runs(void **state) {
    enum { PAGES = 500, MOST = 20 };
    struct jt_private priv = {.watch = NULL};
    struct jt_target target = {.priv = &priv};
    struct jt_ranges data = {NULL, 0, 0, false};
    int fd = scattered(PAGES, HOLE);
    (void)state;
    assert_true(jt_data_find(&target, fd, HOLE, MOST, &data));
    assert_in_range(data.count, 1, MOST - 1);
    for (unsigned i = 0; i < PAGES; i++) {
        assert_true(jt_ranges_hold(data.range, data.count, i << 16));
    }
    assert_false(jt_ranges_hold(data.range, data.count, HOLE - 1));
    jt_ranges_free(&data);
    close(fd);
}

static void a_file_that_does_not_tell(void **state) {
    struct jt_private priv = {.watch = NULL};
    struct jt_target target = {.priv = &priv};
    struct jt_ranges data = {NULL, 0, 0, false};
    (void)state;
    assert_false(jt_data_find(&target, -1, HOLE, 1000, &data));
}

/* ---- segments ------------------------------------------------------------------------------- */

static void cut_at_holes(void **state) {
    static const uint8_t file[6 * PAGE], other[PAGE];
    struct jt_range data[] = {{0, PAGE}, {2 * PAGE, 3 * PAGE}, {3 * PAGE + 100, 4 * PAGE}};
    struct jh_segment segment[] = {{AT, file + 100, 5 * PAGE},
                                   {2 * AT, other, PAGE},
                                   {3 * AT, file + PAGE, PAGE / 2},
                                   {4 * AT, file + PAGE, 0}};
    struct jt_private p = {.core = file,
                           .core_size = sizeof file,
                           .segment = segment,
                           .segments = 4,
                           .data = {data, 3, 3, false}};
    size_t count;
    (void)state;
    struct jh_segment *piece = jt_segments_without_holes(&p, &count);
    assert_non_null(piece);
    uint64_t at = AT;
    static const struct {
        uint64_t len;
        bool there;
    } first[] = {{PAGE - 100, true}, {PAGE, false},      {PAGE, true},
                 {100, false},       {PAGE - 100, true}, {PAGE + 100, false}};
    assert_int_equal(count, 9);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(piece[i].addr, at);
        assert_int_equal(piece[i].len, first[i].len);
        assert_ptr_equal(piece[i].bytes, first[i].there ? file + 100 + (at - AT) : NULL);
        at += first[i].len;
    }
    assert_memory_equal(&piece[6], &segment[1], sizeof *piece);
    assert_int_equal(piece[7].len, PAGE / 2);
    assert_null(piece[7].bytes);
    assert_int_equal(piece[8].len, 0);
    free(piece);
}

/* Headers that all lead to the same many runs. */
static void segments_that_share_the_file(void **state) {
    enum { RUNS = 1000, SEGMENTS = 1000 };
    static const uint8_t file[RUNS * 16];
    static struct jt_range data[RUNS];
    static struct jh_segment segment[SEGMENTS];
    size_t count;
    (void)state;
    for (unsigned i = 0; i < RUNS; i++) {
        data[i] = (struct jt_range){i * 16, i * 16 + 8};
        segment[i] = (struct jh_segment){i * AT, file, sizeof file};
    }
    struct jt_private p = {.core = file,
                           .core_size = sizeof file,
                           .segment = segment,
                           .segments = SEGMENTS,
                           .data = {data, RUNS, RUNS, false}};
    assert_null(jt_segments_without_holes(&p, &count));
}

/* ---- cores ---------------------------------------------------------------------------------- */

struct core {
    char path[64];
    uint8_t page[2 * PAGE]; /* in front of the hole, and behind it */
    uint64_t file_end;      /* of the first page, where a file is mapped; 0: nowhere */
    uint64_t hole;          /* bytes; 0: HOLE */
};

/* One segment: a page, a hole, a page. */
static void save(struct core *core) {
    uint64_t hole = core->hole != 0 ? core->hole : HOLE, len = 2 * PAGE + hole;
    Elf64_Ehdr h = {.e_type = ET_CORE,
                    .e_machine = EM_X86_64,
                    .e_version = EV_CURRENT,
                    .e_phoff = sizeof h,
                    .e_ehsize = sizeof h,
                    .e_phentsize = sizeof(Elf64_Phdr),
                    .e_phnum = 2};
    struct __attribute__((packed)) {
        Elf64_Nhdr head;
        char owner[8];
        uint64_t count, page, start, end, offset;
        char name[8];
    } note = {{5, sizeof note - sizeof note.head - 8, NT_FILE},
              "CORE",
              1,
              PAGE,
              AT,
              AT + PAGE,
              0,
              "/gone"};
    Elf64_Phdr ph[2] = {
        {PT_LOAD, PF_R | PF_W, PAGE, AT, 0, len, len, PAGE},
        {core->file_end != 0 ? PT_NOTE : PT_NULL, 0, 512, 0, 0, sizeof note, sizeof note, 4}};
    memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = ELFCLASS64;
    h.e_ident[EI_DATA] = ELFDATA2LSB;
    h.e_ident[EI_VERSION] = EV_CURRENT;
    int fd = new_file(core->path);
    assert_int_equal(pwrite(fd, &h, sizeof h, 0), sizeof h);
    assert_int_equal(pwrite(fd, ph, sizeof ph, sizeof h), sizeof ph);
    assert_int_equal(pwrite(fd, &note, sizeof note, 512), sizeof note);
    assert_int_equal(pwrite(fd, core->page, PAGE, PAGE), PAGE);
    assert_int_equal(pwrite(fd, core->page + PAGE, PAGE, (off_t)(2 * PAGE + hole)), PAGE);
    bool sparse = lseek(fd, 0, SEEK_HOLE) < (off_t)(2 * PAGE + hole);
    close(fd);
    if (!sparse) {
        unlink(core->path);
        skip();
    }
}

static struct jt_target *open_core(struct core *core, const struct jt_options *options,
                                   enum jt_status status) {
    struct jt_options o = *options;
    struct jt_target *target;
    save(core);
    o.target = core->path;
    assert_int_equal(jt_open(&o, &target), status);
    unlink(core->path);
    return target;
}

/* Has nothing of the hole been put into memory? */
static bool hole_is_empty(const struct jt_target *target) {
    static unsigned char resident[HOLE / PAGE];
    assert_int_equal(mincore((void *)(uintptr_t)(target->priv->core + 2 * PAGE), HOLE, resident),
                     0);
    return memchr(resident, 1, sizeof resident) == NULL;
}

static void a_core_with_a_hole(void **state) {
    static struct core core;
    static uint8_t got[3 * PAGE];
    (void)state;
    memset(core.page, 'x', sizeof core.page);
    struct jt_target *target = open_core(&core, &(struct jt_options){0}, JT_NO_JEMALLOC);
    const struct jh_reader *r = &target->heap.reader;
    assert_int_equal(target->bytes_present, END - AT);
    assert_int_equal(target->bytes_absent, 0);
    assert_in_range(target->heap.limits.max_node_bytes, 1, UINT64_C(1) << 20);
    assert_int_equal(jh_read(r, END - 2 * PAGE, got, 2 * PAGE, NULL), JH_OK);
    assert_int_equal(got[PAGE - 1], 0);
    assert_int_equal(got[PAGE], 'x');
    assert_int_equal(jh_read(r, AT + PAGE / 2, got, 3 * PAGE, NULL), JH_OK);
    assert_int_equal(got[0], 'x');
    assert_int_equal(got[PAGE / 2], 0);
    assert_null(r->lend(r->arg, AT + PAGE, 8));
    assert_non_null(r->lend(r->arg, AT, 8));
    assert_int_equal(r->nonzero(r->arg, AT + PAGE), END - PAGE);
    assert_int_equal(r->nonzero(r->arg, AT + 5), AT + 5);
    assert_int_equal(r->nonzero(r->arg, END), END);
    assert_int_equal(r->next(r->arg, END), UINT64_MAX);
    assert_true(hole_is_empty(target));
    jt_close(target);
}

/* The version string is looked for in the modules, then in all that is on the disk. */
static void version_of_a_core_with_a_hole(void **state) {
    static struct core core;
    (void)state;
    memcpy((char *)core.page + PAGE + 100, "5.2.1-0-g0", sizeof "5.2.1-0-g0");
    struct jt_target *target = open_core(&core, &(struct jt_options){0}, JT_NO_JEMALLOC);
    assert_string_equal(target->version_string, "5.2.1-0-g0");
    assert_true(hole_is_empty(target));
    jt_close(target);
    target = open_core(&core, &(struct jt_options){.layout = "5.3.0"}, JT_NO_JEMALLOC);
    assert_string_equal(target->version_string, "5.2.1-0-g0");
    jt_close(target);
    memcpy(core.page, ELFMAG, SELFMAG);
    memcpy((char *)core.page + 100, "5.3.0-0-g0", sizeof "5.3.0-0-g0");
    core.file_end = AT + PAGE;
    target = open_core(&core, &(struct jt_options){0}, JT_NO_JEMALLOC);
    assert_string_equal(target->version_string, "5.3.0-0-g0");
    jt_close(target);
    core = (struct core){.hole = PAGE}; /* no larger than what is left to be looked at */
    memcpy((char *)core.page + PAGE + 100, "5.2.1-0-g0", sizeof "5.2.1-0-g0");
    target = open_core(&core, &(struct jt_options){0}, JT_NO_JEMALLOC);
    assert_string_equal(target->version_string, "5.2.1-0-g0");
    jt_close(target);
}

static bool not_now(void *arg, const char *doing, uint64_t done, uint64_t all) {
    (void)arg;
    return strcmp(doing, "looking for the version string") != 0 || done == all;
}

enum { BORDER = 16 << 20 }; /* bytes: as much is looked at at a time */

/* In memory: one segment, with a version string across a border. Gives the version that was found.
 */
static const char *search(const struct jt_options *options, size_t size, enum jt_status status) {
    static char version[128];
    Elf64_Phdr ph = {PT_LOAD, PF_R | PF_W, PAGE, AT, 0, size - PAGE, size - PAGE, PAGE};
    uint8_t *bytes = calloc(1, size);
    assert_non_null(bytes);
    *(Elf64_Ehdr *)(void *)bytes = (Elf64_Ehdr){.e_type = ET_CORE,
                                                .e_machine = EM_X86_64,
                                                .e_version = EV_CURRENT,
                                                .e_phoff = sizeof(Elf64_Ehdr),
                                                .e_ehsize = sizeof(Elf64_Ehdr),
                                                .e_phentsize = sizeof ph,
                                                .e_phnum = 1};
    for (unsigned i = 0; i < SELFMAG; i++) {
        bytes[i] = (uint8_t)ELFMAG[i];
    }
    bytes[EI_CLASS] = ELFCLASS64;
    bytes[EI_DATA] = ELFDATA2LSB;
    bytes[EI_VERSION] = EV_CURRENT;
    memcpy(bytes + sizeof(Elf64_Ehdr), &ph, sizeof ph);
    memcpy((char *)bytes + PAGE + BORDER - 5, "5.2.1-0-g0", sizeof "5.2.1-0-g0");
    struct jt_bytes core = {bytes, size, jt_files_here};
    struct jt_target *target;
    assert_int_equal(jt_open_bytes(options, &core, &target), status);
    memcpy(version, target->version_string, sizeof target->version_string);
    jt_close(target);
    free(bytes);
    return version;
}

static void a_search_of_much(void **state) {
    struct jt_options o = {.target = "core"};
    (void)state;
    assert_string_equal(search(&o, 2 * BORDER + 1, JT_NO_JEMALLOC), "5.2.1-0-g0");
    o.watch = not_now;
    assert_string_equal(search(&o, 2 * BORDER + 1, JT_INCOMPLETE), "");
    o = (struct jt_options){.target = "core", .layout = "5.2.1"};
    assert_string_equal(search(&o, 2 * BORDER + 1, JT_NO_JEMALLOC), "5.2.1-0-g0");
    /* what the user has said is compared with what is found soon */
    assert_string_equal(search(&o, 17 * (size_t)BORDER, JT_NO_JEMALLOC), "");
}

/* ---- a watch -------------------------------------------------------------------------------- */

struct patience {
    unsigned calls, most;
    const char *doing;
    uint64_t done, all;
};

static bool watch(void *arg, const char *doing, uint64_t done, uint64_t all) {
    struct patience *p = arg;
    p->calls++;
    p->doing = doing;
    p->done = done;
    p->all = all;
    return p->calls <= p->most;
}

static void opening_is_given_up(void **state) {
    static struct core core;
    struct patience p = {.most = 0};
    unsigned calls = 1;
    (void)state;
    for (; p.calls >= p.most; calls++) {
        p = (struct patience){.most = calls - 1};
        struct jt_options options = {.watch = watch, .watch_arg = &p};
        save(&core);
        options.target = core.path;
        struct jt_target *target;
        enum jt_status status = jt_open(&options, &target);
        unlink(core.path);
        if (p.calls > p.most) {
            assert_int_equal(status, JT_INCOMPLETE);
            assert_int_equal(jt_exit_status(status), 4);
            assert_non_null(strstr(target->error, "the time was over before"));
            assert_non_null(strstr(target->error, p.doing));
            assert_int_equal(p.calls, calls); /* nobody asks again */
        }
        jt_close(target);
    }
    assert_true(calls > 3);
}

static void reading_is_given_up(void **state) {
    static struct core core;
    struct patience p = {.most = UINT32_MAX};
    struct jt_options options = {.watch = watch, .watch_arg = &p};
    uint8_t got[16];
    size_t n;
    (void)state;
    struct jt_target *target = open_core(&core, &options, JT_NO_JEMALLOC);
    const struct jh_reader *r = &target->heap.reader;
    unsigned before = p.calls;
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(jh_read(r, AT, got, sizeof got, NULL), JH_OK);
    }
    assert_in_range(p.calls - before, 2, 500);
    assert_string_equal(p.doing, "reading the heap");
    assert_int_equal(p.all, 0);
    p.most = p.calls;
    for (unsigned i = 0; i < 1000; i++) {
        (void)r->lend(r->arg, AT, sizeof got);
    }
    assert_int_equal(r->read(r->arg, AT, got, sizeof got, &n), JH_LIMIT);
    assert_int_equal(n, 0);
    assert_null(r->lend(r->arg, AT, sizeof got));
    assert_int_equal(p.calls, p.most + 1);
    jt_close(target);
}

/* A process: its reads, and that a contradiction may be read again. */
static void a_process_is_watched(void **state) {
    struct patience p = {.most = UINT32_MAX};
    char text[32];
    struct jt_target *target;
    uint8_t got;
    size_t n;
    (void)state;
    snprintf(text, sizeof text, "%d", getppid());
    struct jt_options options = {.target = text, .watch = watch, .watch_arg = &p};
    enum jt_status status = jt_open(&options, &target);
    const struct jh_reader *r = &target->heap.reader;
    if (status == JT_UNREADABLE || r->gather == NULL) {
        jt_close(target);
        skip(); /* it may not be read */
    }
    struct jh_span span = {8, &got, 1, 7};
    assert_int_equal(r->gather(r->arg, &span, 1), JH_OK);
    assert_int_equal(span.got, 0);
    assert_true(r->next(r->arg, 0) > 0);
    assert_null(r->nonzero);
    assert_null(r->lend);
    assert_true(r->retry(r->arg, 0));
    assert_true(r->retry(r->arg, 1));
    assert_true(r->retry(r->arg, 7));
    assert_false(r->retry(r->arg, 9));
    unsigned waits = 0;
    while (waits < 1000 && r->retry(r->arg, 8)) {
        waits++;
    }
    assert_in_range(waits, 1, 4); /* all together are bounded */
    assert_true(r->retry(r->arg, 0));
    p.most = 0;
    for (unsigned i = 0; i < 100; i++) {
        (void)r->read(r->arg, 8, &got, 1, &n);
    }
    assert_int_equal(r->gather(r->arg, &span, 1), JH_LIMIT);
    assert_false(r->retry(r->arg, 0));
    jt_close(target);
}

/* Of a large one pages are given back: of memory that is no file's they come again as zeroes. */
static void pages_are_given_back(void **state) {
    enum { SIZE = 65 << 20, READS = 4096 };
    struct jt_private priv = {.core_mapped = true, .core_size = SIZE};
    struct jt_target target = {.priv = &priv, .kind = JT_CORE};
    uint8_t *bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct jh_segment segment = {AT, bytes, SIZE};
    uint8_t got;
    (void)state;
    assert_ptr_not_equal(bytes, MAP_FAILED);
    priv.core = bytes;
    priv.segment = &segment;
    priv.segments = 1;
    assert_int_equal(jt_image_start(&target), JT_OK);
    const struct jh_reader *r = &target.heap.reader;
    bytes[0] = bytes[SIZE - 1] = 'x';
    for (unsigned i = 0; i + 1 < READS; i++) {
        assert_int_equal(jh_read(r, AT, &got, 1, NULL), JH_OK);
        assert_int_equal(got, 'x');
    }
    assert_int_equal(jh_read(r, AT, &got, 1, NULL), JH_OK);
    assert_int_equal(got, 0);
    assert_int_equal(bytes[SIZE - 1], 0);
    munmap(bytes, SIZE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_runs),
        cmocka_unit_test(too_many_runs),
        cmocka_unit_test(a_file_that_does_not_tell),
        cmocka_unit_test(cut_at_holes),
        cmocka_unit_test(segments_that_share_the_file),
        cmocka_unit_test(a_core_with_a_hole),
        cmocka_unit_test(version_of_a_core_with_a_hole),
        cmocka_unit_test(a_search_of_much),
        cmocka_unit_test(opening_is_given_up),
        cmocka_unit_test(reading_is_given_up),
        cmocka_unit_test(a_process_is_watched),
        cmocka_unit_test(pages_are_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
