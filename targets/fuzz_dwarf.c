/* Target functions: jt_elf_bytes, jt_roots_find, jt_version_find, jt_dwarf_read, jt_macros_read,
 * jt_build_from_macros, jt_layout_from_dwarf, jt_symbol on any ELF file.
 *
 * Relations: names that are found end in a 0, and values are within their bounds; a layout that
 * debug information has changed is refused, or safe for every later stage; reading twice gives the
 * same. */
#include "ask_heap.h"
#include "open/inside.h"

/* A target that has this file as its only module, as jt_open() makes it. */
static void start(struct jt_target *t, struct jt_private *p, struct jt_module *module,
                  struct jt_elf *elf) {
    memset(t, 0, sizeof(*t));
    memset(p, 0, sizeof(*p));
    *module = (struct jt_module){.path = (char *)(uintptr_t) "exe", .end = UINT64_MAX, .elf = elf};
    p->words = 8;
    p->little_endian = true;
    t->priv = p;
    t->module = module;
    t->modules = 1;
    t->kind = JT_PROCESS; /* not a core: there are no segments in which to look for a version */
}

static void end(struct jt_target *t) {
    for (size_t i = 0; i < t->warnings; i++) {
        free(t->warning[i]);
    }
    free(t->warning);
}

static struct jt_told told;

static void try_layouts(struct jt_target *t, struct jt_dwarf *dwarf) {
    static const uint8_t zero[JH_EXTENT_HEAD_MAX];
    struct jh_build build;
    struct jh_layout layout;
    jh_build_init(&build, JH_5_3_0);
    jt_build_from_macros(t, dwarf, &build);
    if (jh_layout_make(&build, &layout, NULL) != JH_OK) {
        jh_build_init(&build, JH_5_3_0);
        FUZZ_CHECK(jh_layout_make(&build, &layout, NULL) == JH_OK);
    }
    jt_layout_from_dwarf(dwarf, &layout, &told);
    jt_told_take(t, build.version, &told);
    if (jh_layout_check(&layout, NULL) == JH_OK) {
        fuzz_ask_pure(&layout, zero);
    }
}

static void read_root(struct jt_target *t, const struct jt_root_symbol *root) {
    struct jt_dwarf dwarf, again;
    uint64_t addr, size;
    FUZZ_CHECK(strlen(root->name) < sizeof(root->name) && root->size);
    t->jemalloc = &t->module[0];
    snprintf(t->root_name, sizeof(t->root_name), "%s", root->name);
    snprintf(t->prefix, sizeof(t->prefix), "%s", root->prefix);
    (void)jt_symbol(t, "b0", &addr, &size);
    jt_dwarf_read(root, &dwarf);
    jt_dwarf_read(root, &again);
    FUZZ_CHECK(dwarf.found == again.found && dwarf.extent_size == again.extent_size &&
               dwarf.root_elements == again.root_elements);
    FUZZ_CHECK((dwarf.macros != NULL) == (again.macros != NULL));
    FUZZ_CHECK(!dwarf.macros || jt_macros_count(dwarf.macros) == jt_macros_count(again.macros));
    try_layouts(t, &dwarf);
    jt_dwarf_free(&dwarf);
    jt_dwarf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct jt_target target;
    struct jt_private priv;
    struct jt_layers layers = {.base = {.blocks = 0}};
    struct jt_module module;
    struct jt_root_symbol root[JT_ROOTS_MAX];
    struct jt_build_id id;
    char version[128] = "";
    elf_version(EV_CURRENT);
    struct jt_elf *elf = jt_elf_bytes(data, size);
    if (!elf) {
        return 0;
    }
    start(&target, &priv, &module, elf);
    jt_layers_join(&priv, &layers);
    jt_elf_build_id(elf, &id);
    FUZZ_CHECK(id.size <= JT_BUILD_ID_MAX);
    (void)jt_elf_has_debug_info(elf);
    (void)jt_version_find(&target, &module, version);
    FUZZ_CHECK(strlen(version) < sizeof(version));
    size_t count = jt_roots_find(&target, root);
    FUZZ_CHECK(count <= JT_ROOTS_MAX);
    for (size_t i = 0; i < count && i < 2; i++) {
        read_root(&target, &root[i]);
    }
    end(&target);
    jt_elf_close(elf);
    return 0;
}
