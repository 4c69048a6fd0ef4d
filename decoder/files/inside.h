/* inside.h - what the files of files/ share with each other and with the layers above.
 *
 * modules.c finds the ELF files that the target has mapped; symbols.c, version_string.c and dwarf.c
 * read them. */
#ifndef JEHEAP_FILES_INSIDE_H
#define JEHEAP_FILES_INSIDE_H

#include <elfutils/libdw.h>

#include "files/modules.h"
#include "image/inside.h"

/* ---- elf_file.c: one ELF file --------------------------------------------------------------- */

struct jt_elf {
    uint8_t *bytes; /* the file, mapped, and zeroes */
    size_t mapped;
    Elf *elf;
    struct jt_elf *debug; /* a separate file with the symbols, NULL when there is none */
    struct jt_elf *alt;   /* what several files share of their debug information (dwz -m) */
    Dwarf *dwarf;
    bool dwarf_tried;
    struct jt_symbols *symbols; /* open/nearest_symbol.c: NULL until somebody asks */
    bool memory_ran_out;        /* while its other files were looked for */
    struct jt_file_id {
        dev_t device;
        ino_t inode; /* 0: these bytes are of no file */
    } id;            /* whatever the file was called by */
};

/* Where names that a target brings lead to. Nothing else opens a file because of such a name. */
struct jt_files {
    struct jt_elf *(*open)(void *arg, const char *name); /* NULL: no ELF file of that name */
    void *arg;
};

/* sysroot.c: files in a folder, as if it were the root. */
struct jt_sysroot {
    const char *folder;
    struct jt_files files;
};
void jt_sysroot_start(struct jt_target *target, const char *folder);
void jt_sysroot_end(struct jt_target *target);

struct jt_elf *jt_elf_of(int fd);                            /* takes it over; -1 and NULL: none */
extern const struct jt_files jt_files_here;                  /* the file system's */
struct jt_elf *jt_elf_bytes(const void *bytes, size_t size); /* a copy; NULL: no ELF file */
void jt_elf_close(struct jt_elf *elf);
/* A section of strings: every offset below size leads to one that ends. libelf would unpack it
 * however large it says that it is, and look for each string's end anew. */
struct jt_strings {
    const char *at;
    size_t size;
};
bool jt_strings_open(struct jt_strings *strings, Elf *elf, size_t section);
Elf_Scn *jt_section(Elf *elf, const char *name); /* the first of that name, or NULL */
/* NULL also when memory ran out, which is said. */
struct jt_elf *jt_elf_open(const struct jt_files *files, const char *file, bool *memory_ran_out);
void jt_elf_build_id(const struct jt_elf *elf, struct jt_build_id *out);
/* root stands before all names of files: "" or a folder. */
void jt_elf_find_debug(struct jt_elf *elf, const struct jt_files *files, const char *root,
                       const char *file, const struct jt_build_id *id);
bool jt_elf_has_debug_info(const struct jt_elf *elf);
Dwarf *jt_elf_dwarf(struct jt_elf *elf);
/* The one of the two that has debug information. */
struct jt_elf *jt_elf_with_dwarf(struct jt_elf *elf);
/* The file that .gnu_debugaltlink names, and its build-id; NULL: there is no such section. */
const char *jt_elf_altlink(const struct jt_elf *elf, struct jt_build_id *id);
/* Has it a section of debug information that is compressed with zstd? */
bool jt_elf_has_zstd(const struct jt_elf *elf);

/* ---- the room's part of the target ----------------------------------------------------------- */

#define JT_VARIABLES_MAX 16

struct jt_file_source {
    const struct jt_files *files;
    uint64_t searched;   /* bytes of modules' files that versions may be looked for in */
    const char *sysroot; /* while the target is opened; NULL: none */
    struct jt_sysroot root;
    bool version_told;   /* by the user */
    struct jt_variable { /* jemalloc's, that a skeleton brings with it */
        char name[32];
        uint64_t addr, size;
    } variable[JT_VARIABLES_MAX];
    size_t variables;
};

/* ---- modules.c ------------------------------------------------------------------------------ */

#define JT_MODULES_MAX 1024 /* each is a mapped file */

/* One more, missing until something is opened for it; NULL: no memory. The others move. */
struct jt_module *jt_module_add(struct jt_target *target, const char *path);
enum jt_status jt_modules_open(struct jt_target *target, const char *exe);
/* Files with a jemalloc that nothing proves are closed, as what they say of the heap does not fit
 * it. The first of them; NULL: there was none. */
const struct jt_module *jt_modules_doubt(struct jt_target *target);
void jt_modules_close(struct jt_target *target);

/* module_range.c: more of the module, which is then in order again; it is not touched when memory
 * ran out, which the target remembers. */
void jt_module_add_ranges(struct jt_target *target, struct jt_module *module,
                          const struct jt_range *more, size_t count);
/* The pages that program headers load with this bias: at most as many as headers. */
size_t jt_module_loads(const struct jt_target *target, uint64_t bias, const struct jt_phdr *ph,
                       size_t count, struct jt_range out[JT_PHDRS_MAX]);
/* The bias of a file whose first byte is at start; false when no header loads that byte. */
bool jt_module_bias(uint64_t start, const struct jt_phdr *ph, size_t count, uint64_t *out);
bool jt_module_holds(const struct jt_module *module, uint64_t addr);

/* file.search-limit: what core files call by very many names is opened for a few modules, as
 * dlmopen() loads a file again; and bytes of all files in which versions may be looked for. */
#define JT_SAME_MAX 4
#define JT_SEARCHED_MAX (UINT64_C(4) << 30)

/* module_file.c: the file of a module. Opened, and proven as far as can be; false when it is not
 * there or no ELF file of this machine. */
bool jt_module_try(struct jt_target *target, struct jt_module *module, const char *file);
/* By its own path, or by --exe. */
void jt_module_open(struct jt_target *target, struct jt_module *module, const char *exe);
#define JT_NO_MODULE SIZE_MAX
#define JT_NOT_WANTED (SIZE_MAX - 1) /* by any of them, which was said */
/* --exe FILE is for the module that has its build-id, or of a library for the one of its name; else
 * for the program, unless it is a library. Gives its number. */
size_t jt_module_of_exe(struct jt_target *target, const char *exe);

/* module_fill.c: read-only parts that the core left out, from the files that are proven to be the
 * same. */
enum jt_status jt_modules_fill(struct jt_target *target);

/* ---- symbols.c ------------------------------------------------------------------------------ */

#define JT_SYMBOL_MAX 128 /* bytes of a symbol's name that may matter, 0 included */

struct jt_root_symbol {
    const struct jt_module *module;
    char name[JT_SYMBOL_MAX], prefix[64];
    bool emap; /* arena_emap_global, not extents_rtree */
    uint64_t addr, size;
};

size_t jt_roots_find(struct jt_target *target, struct jt_root_symbol out[JT_ROOTS_MAX]);
/* Is the name that of a root, whatever stands before it? Gives the prefix's length. */
bool jt_root_name_is(const char *name, size_t *prefix, bool *emap);
/* Where root[0] is: the array is a power of two of pointers at the symbol's end, behind a mutex. */
uint64_t jt_root_array(const struct jt_target *target, const struct jt_root_symbol *root);
/* Is there anything in the tree? */
bool jt_root_in_use(struct jt_target *target, const struct jt_root_symbol *root);

/* ---- jemalloc_text.c ------------------------------------------------------------------------- */

/* Adds the addresses of jemalloc's functions. False: they are not known. */
bool jt_jemalloc_text(struct jt_target *target, struct jt_ranges *out);

/* ---- version_string.c ------------------------------------------------------------------------ */

/* The next "5.x.y-N-gHEX" in the bytes, from *at on; false when there is none. */
bool jt_version_next(const uint8_t *bytes, size_t size, size_t *at, char out[128]);
/* Is it what a jemalloc says that was built without knowing its version? */
bool jt_version_unsaid(const char *text);
/* Or of one that jeheap does not know? */
bool jt_version_unknown(const char *text);
const char *jt_version_text(const struct jt_target *target); /* for messages */
/* The version of that rank among all, 1 to JH_VERSIONS, the likeliest first: where two explain a
 * heap equally well, the first one is taken. */
enum jh_version jt_version_likely(unsigned rank);
#define JT_VERSIONS_TEXT 256
/* "5.0.0, 5.0.1, ... and dev". Gives out. */
const char *jt_versions_text(char out[JT_VERSIONS_TEXT]);
/* Has the module's file a version string of a jemalloc, whatever it says? */
bool jt_version_in(const struct jt_module *module);
/* Has it one of jemalloc 3.x or 4.x among its constants? */
bool jt_version_old(const struct jt_module *module, char out[128]);
/* The same from its constants alone, which is fast; out is the string. */
bool jt_version_among_constants(const struct jt_module *module, char out[128]);
/* Look for it in the module, or everywhere when NULL. False: none, or several that differ; out is
 * touched then only by one that jeheap does not know, or that does not say its version. */
bool jt_version_find(struct jt_target *target, const struct jt_module *module, char out[128]);

/* ---- expr.c: C integer expressions ---------------------------------------------------------- */

/* The text after the macro's name: " ((X) + 1)" or "(x, y) ((x) + (y))"; NULL when undefined. */
typedef const char *jt_macro_fn(void *arg, const char *name, size_t len);
bool jt_eval(const char *text, jt_macro_fn *macro, void *arg, uint64_t *out);

/* ---- macros.c, dwarf.c ----------------------------------------------------------------------- */

struct jt_macros; /* name -> text; the texts live as long as the Dwarf, or are its own */
struct jt_macros *jt_macros_read(Dwarf_Die *unit);
void jt_macros_free(struct jt_macros *macros);
/* All that are defined, each text with its 0. NULL and *size 0: more than most, or no memory. */
char *jt_macros_pack(const struct jt_macros *macros, size_t most, size_t *size);
/* The way back, which takes over the texts. NULL: they do not end, or no memory. */
struct jt_macros *jt_macros_unpack(char *texts, size_t size);
size_t jt_macros_count(const struct jt_macros *macros);
const char *jt_macros_text(const struct jt_macros *macros, const char *name); /* NULL: none */
bool jt_macros_value(struct jt_macros *macros, const char *name, uint64_t *out);

#define JT_DWARF_UNKNOWN UINT32_MAX

/* Offsets and sizes in bytes; JT_DWARF_UNKNOWN where the debug information has none. */
struct jt_dwarf {
    bool found;               /* the unit that defines the root */
    bool split;               /* some units are in .dwo files */
    struct jt_macros *macros; /* NULL without -g3 */
    uint32_t extent_size, e_bits, e_addr, e_size_esn, e_bsize, e_ps, e_sn, e_slab_data;
    uint32_t leaf_size, le_bits, le_extent, le_szind, le_slab, le_metadata;
    uint32_t rtree_root, emap_rtree, root_elements;
    uint32_t bin_info_size, reg_size, slab_size, nregs, n_shards;
    uint32_t base_blocks, block_size, block_next, arena_base;
    uint32_t mutex_size; /* pthread_mutex_t */
    uint32_t state[8];   /* extent_state_e: jh_state by number; JT_DWARF_UNKNOWN */
};

void jt_dwarf_init(struct jt_dwarf *out); /* nothing is known */
/* In this process: for files that are trusted, and for dwarf_process.c. */
void jt_dwarf_read(const struct jt_root_symbol *root, struct jt_dwarf *out);
void jt_dwarf_free(struct jt_dwarf *dwarf);

/* ---- dwarf_process.c ------------------------------------------------------------------------ */

/* jt_dwarf_read() where nothing that the file does to it can harm; what went wrong is a warning. */
void jt_dwarf_read_apart(struct jt_target *target, const struct jt_root_symbol *root,
                         struct jt_dwarf *out);

#endif
