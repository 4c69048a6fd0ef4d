/* inside.h - what the files of files/ share with each other and with the layers above.
 *
 * modules.c finds the ELF files that the target has mapped; symbols.c, version_find.c and dwarf.c
 * read them. */
#ifndef JEHEAP_FILES_INSIDE_H
#define JEHEAP_FILES_INSIDE_H

#include <elfutils/libdw.h>

#include "files/modules.h"
#include "image/inside.h"

/* ---- elf_file.c: one ELF file --------------------------------------------------------------- */

struct jt_elf {
    uint8_t *bytes; /* the mapped file, with zeroes behind it */
    size_t mapped;  /* bytes of the mapping */
    Elf *elf;
    struct jt_elf *debug; /* a separate file with the symbols, NULL when there is none */
    struct jt_elf *alt;   /* the file with debug information that several files share (dwz -m) */
    Dwarf *dwarf;         /* NULL before the first call of jt_elf_dwarf(), or when there is none */
    bool dwarf_tried;
    struct jt_symbols *symbols; /* of open/nearest_symbol.c: NULL before the first lookup */
    bool memory_ran_out;        /* while debug and alt were looked for */
    struct jt_file_id {
        dev_t device;
        ino_t inode; /* 0: the bytes do not come from a file */
    } id;            /* equal for two names of the same file */
};

/* Opens the files that a target names. A file that a target names is opened through this alone. */
struct jt_files {
    struct jt_elf *(*open)(void *arg, const char *name); /* NULL: no ELF file of that name */
    void *arg;
};

/* sysroot.c: a folder that is used as the root of the file system. */
struct jt_sysroot {
    const char *folder;
    struct jt_files files;
};
void jt_sysroot_start(struct jt_target *target, const char *folder);
void jt_sysroot_end(struct jt_target *target);

/* The ELF file of a file descriptor, which is closed. NULL: fd is -1, or it is no ELF file. */
struct jt_elf *jt_elf_of(int fd);
extern const struct jt_files jt_files_here; /* opens files of this machine's file system */
/* An ELF file that lies in memory: the bytes are copied. NULL: they are no ELF file. */
struct jt_elf *jt_elf_bytes(const void *bytes, size_t size);
void jt_elf_close(struct jt_elf *elf);
/* A section of strings, in which every offset below size begins a string that ends.
 * elf_strptr() is not used: it unpacks a section of whatever size the header names, and looks for
 * the end of a string at each call. */
struct jt_strings {
    const char *at;
    size_t size;
};
bool jt_strings_open(struct jt_strings *strings, Elf *elf, size_t section);
Elf_Scn *jt_section(Elf *elf, const char *name); /* the first section of that name, or NULL */
/* NULL: the file cannot be opened; *memory_ran_out is set when that is for want of memory. */
struct jt_elf *jt_elf_open(const struct jt_files *files, const char *file, bool *memory_ran_out);
void jt_elf_build_id(const struct jt_elf *elf, struct jt_build_id *out);

/* ---- debug_file.c: the debug information of an ELF file -------------------------------------- */

/* Looks for the separate debug file of the ELF file and for the file that dwz made. root is put
 * before the names of all files: "" or a folder. */
void jt_elf_find_debug(struct jt_elf *elf, const struct jt_files *files, const char *root,
                       const char *file, const struct jt_build_id *id);
bool jt_elf_has_debug_info(const struct jt_elf *elf);
Dwarf *jt_elf_dwarf(struct jt_elf *elf);
/* The file itself, or its separate debug file: whichever has debug information. */
struct jt_elf *jt_elf_with_dwarf(struct jt_elf *elf);
/* The file that .gnu_debugaltlink names, and its build-id; NULL: there is no such section. */
const char *jt_elf_altlink(const struct jt_elf *elf, struct jt_build_id *id);
/* Is a section of debug information compressed with zstd? */
bool jt_elf_has_zstd(const struct jt_elf *elf);

/* ---- what this layer keeps of a target ------------------------------------------------------- */

#define JT_VARIABLES_MAX 128

struct jt_file_source {
    const struct jt_files *files;
    uint64_t searched;      /* bytes of the opened files that may have a version string */
    const char *sysroot;    /* --sysroot while the target is being opened; NULL: not given */
    struct jt_sysroot root; /* behind files when sysroot is given */
    bool version_told;      /* the user gave the version with --layout */
    struct jt_variable {    /* a variable of jemalloc that a skeleton names */
        char name[64];
        uint64_t addr, size;
    } variable[JT_VARIABLES_MAX];
    size_t variables;
};

/* ---- modules.c ------------------------------------------------------------------------------ */

#define JT_MODULES_MAX 1024 /* each is a mapped file */

/* Adds a module whose file is missing until one is opened for it; NULL: no memory. Pointers to
 * other modules become invalid. */
struct jt_module *jt_module_add(struct jt_target *target, const char *path);
/* Finds the modules of a target, and opens their files. */
enum jt_status jt_modules_open(struct jt_target *target, const char *exe);
/* Closes the files with a jemalloc of which no build-id proves that they were running: what they
 * say does not fit the heap. Gives the first of these modules; NULL: there is none. */
const struct jt_module *jt_modules_doubt(struct jt_target *target);
void jt_modules_close(struct jt_target *target);

/* module_range.c: adds ranges to those of the module, and sorts and joins all of them. When memory
 * runs out the module stays as it is, and target->memory_ran_out is set. */
void jt_module_add_ranges(struct jt_target *target, struct jt_module *module,
                          const struct jt_range *more, size_t count);
/* The pages that program headers load with this bias. Gives how many ranges: at most one for each
 * header. */
size_t jt_module_loads(const struct jt_target *target, uint64_t bias, const struct jt_phdr *ph,
                       size_t count, struct jt_range out[JT_PHDRS_MAX]);
/* The bias of a file whose first byte is at start; false when no header loads that byte. */
bool jt_module_bias(uint64_t start, const struct jt_phdr *ph, size_t count, uint64_t *out);
bool jt_module_holds(const struct jt_module *module, uint64_t addr);

/* file.search-limit. A core may name one file very many times. It is opened for this many modules
 * (dlmopen() loads a file several times); and all opened files together have at most this many
 * bytes in which version strings are looked for. */
#define JT_SAME_MAX 4
#define JT_SEARCHED_MAX (UINT64_C(4) << 30)

/* module_file.c: opens the file as that of the module, and compares it with what is mapped
 * (module->state). False: it cannot be opened, or it is no ELF file for this machine. */
bool jt_module_try(struct jt_target *target, struct jt_module *module, const char *file);
/* Opens the module's file: exe, or where that is NULL the file that the module's path names. */
void jt_module_open(struct jt_target *target, struct jt_module *module, const char *exe);
#define JT_NO_MODULE SIZE_MAX
#define JT_NOT_WANTED (SIZE_MAX - 1) /* --exe is of no module; the user was warned */
/* The number of the module that --exe FILE is for: the one with its build-id. A library without
 * such a module is for the module of the same name, any other file for the program. */
size_t jt_module_of_exe(struct jt_target *target, const char *exe);

/* module_fill.c: adds read-only pages that the core left out to the image. They come from files
 * whose build-id is that of the mapped module. */
enum jt_status jt_modules_fill(struct jt_target *target);

/* ---- symbols.c ------------------------------------------------------------------------------ */

#define JT_SYMBOL_MAX 128 /* bytes of a symbol's name that are compared, 0 included */

struct jt_root_symbol {
    const struct jt_module *module;
    char name[JT_SYMBOL_MAX], prefix[64];
    bool emap; /* arena_emap_global, not extents_rtree */
    uint64_t addr, size;
};

/* The symbols of roots in all modules. Gives how many there are. */
size_t jt_roots_find(struct jt_target *target, struct jt_root_symbol out[JT_ROOTS_MAX]);
/* Does the name end in that of a root? Gives the length of the prefix before it. */
bool jt_root_name_is(const char *name, size_t *prefix, bool *emap);
/* The address of root[0]. root[] is the end of rtree_t, behind a mutex, and the number of its
 * elements is a power of two. */
uint64_t jt_root_array(const struct jt_target *target, const struct jt_root_symbol *root);
/* Is any byte of root[] not zero? False also when it cannot be read. */
bool jt_root_in_use(struct jt_target *target, const struct jt_root_symbol *root);

/* ---- jemalloc_text.c ------------------------------------------------------------------------- */

/* Adds all addresses that are known to be of code, in order. */
void jt_code(struct jt_target *target, struct jt_ranges *out);
/* Adds the addresses of jemalloc's functions, which are part of that code. False: they are not
 * known. */
bool jt_jemalloc_text(struct jt_target *target, const struct jt_ranges *code,
                      struct jt_ranges *out);

/* ---- version_string.c ------------------------------------------------------------------------ */

/* The next "5.x.y-N-gHEX" in the bytes, from *at on; false when there is none. */
bool jt_version_next(const uint8_t *bytes, size_t size, size_t *at, char out[128]);
/* Has the module's file the version string of a jemalloc 3.x or 4.x among its constants? */
bool jt_version_old(const struct jt_module *module, char out[128]);
/* Is the text "0.0.0-...", the version string of a jemalloc whose configure found no version? */
bool jt_version_unsaid(const char *text);
#define JT_UNSAID_MAX 64
/* The first such string in the bytes; out stays as it is when there is none. */
void jt_version_unsaid_in(const uint8_t *bytes, size_t size, char out[JT_UNSAID_MAX]);
/* Is the text the version string of a version that jeheap does not know? */
bool jt_version_unknown(const char *text);
const char *jt_version_text(const struct jt_target *target); /* for messages */
/* All versions in the order of how likely they are: rank is 1 to JH_VERSIONS, 1 the likeliest.
 * Where two versions explain a heap equally well, the likelier one is taken. */
enum jh_version jt_version_likely(unsigned rank);
#define JT_VERSIONS_TEXT 256
/* Writes "5.0.0, 5.0.1, ... and dev" to out, and gives out. */
const char *jt_versions_text(char out[JT_VERSIONS_TEXT]);

/* ---- version_find.c -------------------------------------------------------------------------- */

/* Has the module's file a version string of jemalloc 5.x, also of an unknown version? */
bool jt_version_in(const struct jt_module *module);
/* Has its section .rodata one? That is a small part of the file, so this is fast. */
bool jt_version_among_constants(const struct jt_module *module, char out[128]);
/* Looks for the version string in the module, or in all modules and then in all memory when module
 * is NULL. False: there is none, or several differ. Then out is untouched, unless the one string
 * that there is names a version that jeheap does not know, or no version. */
bool jt_version_find(struct jt_target *target, const struct jt_module *module, char out[128]);

/* ---- expr.c: C integer expressions ---------------------------------------------------------- */

/* The text after the macro's name: " ((X) + 1)" or "(x, y) ((x) + (y))"; NULL when undefined. */
typedef const char *jt_macro_fn(void *arg, const char *name, size_t len);
bool jt_eval(const char *text, jt_macro_fn *macro, void *arg, uint64_t *out);

/* ---- macros.c, dwarf.c ----------------------------------------------------------------------- */

/* Macros by name. Their texts belong to the Dwarf that they were read from, or to this struct. */
struct jt_macros;
struct jt_macros *jt_macros_read(Dwarf_Die *unit);
void jt_macros_free(struct jt_macros *macros);
/* The texts of all defined macros, one behind the other, each with its 0; to be freed.
 * NULL and *size 0: they have more than most bytes, or memory ran out. */
char *jt_macros_pack(const struct jt_macros *macros, size_t most, size_t *size);
/* The macros of such texts, which this takes over. NULL: the last text has no 0, or memory ran
 * out. */
struct jt_macros *jt_macros_unpack(char *texts, size_t size);
size_t jt_macros_count(const struct jt_macros *macros);
const char *jt_macros_text(const struct jt_macros *macros, const char *name); /* NULL: none */
bool jt_macros_value(struct jt_macros *macros, const char *name, uint64_t *out);

#define JT_DWARF_UNKNOWN UINT32_MAX

/* Offsets and sizes in bytes; JT_DWARF_UNKNOWN where the debug information has none. */
struct jt_dwarf {
    bool found;               /* the compilation unit that defines the root was found */
    bool split;               /* some units are in .dwo files */
    struct jt_macros *macros; /* NULL: jemalloc was compiled without -g3 */
    uint32_t extent_size, e_bits, e_addr, e_size_esn, e_bsize, e_ps, e_sn, e_slab_data;
    uint32_t leaf_size, le_bits, le_extent, le_szind, le_slab, le_metadata;
    uint32_t rtree_root, emap_rtree, root_elements;
    uint32_t bin_info_size, reg_size, slab_size, nregs, n_shards;
    uint32_t base_blocks, block_size, block_next, arena_base;
    uint32_t mutex_size; /* pthread_mutex_t */
    uint32_t state[8];   /* extent_state_e: jh_state by number; JT_DWARF_UNKNOWN */
};

void jt_dwarf_init(struct jt_dwarf *out); /* all fields: unknown */
/* Reads the debug information in this process: for trusted files, and for dwarf_process.c. */
void jt_dwarf_read(const struct jt_root_symbol *root, struct jt_dwarf *out);
void jt_dwarf_free(struct jt_dwarf *dwarf);

/* ---- dwarf_process.c ------------------------------------------------------------------------ */

/* jt_dwarf_read() in a process of its own, which a hostile file may crash or keep busy. A failure
 * becomes a warning of the target. */
void jt_dwarf_read_in_process(struct jt_target *target, const struct jt_root_symbol *root,
                              struct jt_dwarf *out);

#endif
