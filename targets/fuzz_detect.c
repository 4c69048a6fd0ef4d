/* Target functions: jt_open_bytes with files: modules, build-ids, symbols, debug information, the
 * version string, the choice of a layout, base blocks.
 *
 * The input is a core, then the ELF file that every name in the core leads to, then that file's
 * length in four bytes and a byte without meaning. Relations: a target that opens has a sound
 * layout that was tried, with a source for each part; one that does not open has a sentence; memory
 * is bounded; opening twice gives the same.
 *
 * Reading debug information in a process and searching a layout is slow, so only one input in 128
 * does it; the others are given a root that is not mapped, so that opening ends after modules and
 * symbols. */
#include "ask_heap.h"
#include "count_memory.h"
#include "open/inside.h"

#define OPENED_MAX 6
#define WHOLE_ONE_IN 128

struct files {
    const uint8_t *bytes;
    size_t size;
    unsigned opened;
};

static struct jt_elf *open_file(void *arg, const char *name) {
    struct files *files = arg;
    FUZZ_CHECK(name[0]);
    return files->size == 0 || ++files->opened > OPENED_MAX
               ? NULL
               : jt_elf_bytes(files->bytes, files->size);
}

static void check(struct jt_target *t) {
    FUZZ_CHECK((t->status == JT_OK) == (t->error[0] == 0));
    for (size_t i = 0; i < t->modules; i++) {
        const struct jt_module *m = &t->module[i];
        FUZZ_CHECK((m->elf != NULL) == (m->state == JT_FILE_SAME || m->state == JT_FILE_UNPROVEN));
    }
    if (t->status != JT_OK) {
        return;
    }
    FUZZ_CHECK(jh_layout_check(&t->layout, NULL) == JH_OK);
    FUZZ_CHECK(t->verified || t->warnings);
    for (unsigned part = 0; part < JT_PARTS; part++) {
        FUZZ_CHECK(t->source[part] != JT_UNKNOWN);
    }
    fuzz_ask_heap(&t->heap.reader, &t->layout, t->heap.rtree_root);
    (void)jt_is_metadata(t, t->heap.rtree_root);
    (void)jt_metadata_bytes(t);
}

static bool same(const struct jt_target *a, const struct jt_target *b) {
    return a->status == b->status && strcmp(a->error, b->error) == 0 &&
           a->warnings == b->warnings && a->modules == b->modules && a->verified == b->verified &&
           a->heap.rtree_root == b->heap.rtree_root && strcmp(a->layout_name, b->layout_name) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    struct jt_target *t, *again;
    (void)fuzz_byte(&in); /* the byte behind the length is not used; inputs in corpora/ have it */
    uint64_t len = fuzz_take(&in, 4);
    len = len < in.size ? len : in.size;
    size_t core = in.size - (size_t)len;
    struct files files = {in.data + core, (size_t)len, 0};
    struct jt_options options = {
        .target = "core", .root = UINT64_MAX, .root_given = !fuzz_one_in(WHOLE_ONE_IN, data, size)};
    struct jt_bytes bytes = {in.data, core, {open_file, &files}};
    fuzz_memory_start();
    enum jt_status status = jt_open_bytes(&options, &bytes, &t);
    fuzz_memory_check(in.size);
    files.opened = 0;
    FUZZ_CHECK(t && t->status == status && jt_open_bytes(&options, &bytes, &again) == status);
    FUZZ_CHECK(same(t, again));
    check(t);
    jt_close(t);
    jt_close(again);
    return 0;
}
