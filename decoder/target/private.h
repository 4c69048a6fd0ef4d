/* private.h - what the files of this folder tell each other.
 *
 * Order of work: process.c or core.c make a reader; modules.c finds the ELF files; symbols.c and
 * dwarf.c read them; root.c says which tree; layout_source.c puts a layout together,
 * layout_choose.c tries those that it may be (layout_candidate.h). A skeleton brings what files
 * would tell: skeleton_open.c. */
#ifndef JEHEAP_TARGET_PRIVATE_H
#define JEHEAP_TARGET_PRIVATE_H

#include <libelf.h>
#include <elfutils/libdw.h>
#include <sys/stat.h>

#include "arenas.h"
#include "target.h"

#if defined(__GNUC__)
#define JT_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define JT_PRINTF(text, first)
#endif

/* ---- text.c: errors and warnings ------------------------------------------------------------ */

/* A sentence that stands in another one, as %.*s: what the other one says behind it has room. */
#define JT_NESTED_MAX (JT_TEXT_MAX - 1024)

/* Writes the sentence and the status into the target, and returns the status. Whatever the target
 * says in it is made plain (plain.h). */
enum jt_status jt_fail(struct jt_target *target, enum jt_status status, const char *text, ...)
    JT_PRINTF(3, 4);
void jt_warn(struct jt_target *target, const char *text, ...) JT_PRINTF(2, 3);
bool jt_number(const char *text, uint64_t *out); /* decimal or 0x...; all of the text */
/* Libraries say "there is none" when memory ran out as well; only errno tells. It was set to 0
 * before they were asked. */
void jt_note_memory(struct jt_target *target);

/* ---- segments.c: runs of bytes, sorted and disjoint ----------------------------------------- */

/* Sort; drop the empty and the wrapping, cut what overlaps (the lower address keeps its bytes).
 * Returns how many are left. */
size_t jt_segments_normalise(struct jh_segment *segment, size_t count);

/* Fill the gaps between the segments with bytes of extra (both normalised). A new array, NULL
 * when memory ran out. */
struct jh_segment *jt_segments_fill(const struct jh_segment *segment, size_t count,
                                    const struct jh_segment *extra, size_t extras, size_t *out);

/* ---- ranges.c: sets of addresses ------------------------------------------------------------ */

/* Sort and merge; returns how many are left. */
size_t jt_ranges_normalise(struct jt_range *range, size_t count);
bool jt_ranges_hold(const struct jt_range *range, size_t count, uint64_t addr);
/* Where the one ends that has the address; the address itself: none has it. */
uint64_t jt_ranges_until(const struct jt_range *range, size_t count, uint64_t addr);
/* Has one of them an address of the other, which is not empty? */
bool jt_ranges_touch(const struct jt_range *range, size_t count, struct jt_range other);
/* The first address from this one on that one of them has; UINT64_MAX: there is none. */
uint64_t jt_ranges_next(const struct jt_range *range, size_t count, uint64_t addr);
/* Which is the first that ends behind the address; count when none does. */
size_t jt_ranges_behind(const struct jt_range *range, size_t count, uint64_t addr);

/* One that grows. Zero it, add, normalise, use, free. */
struct jt_ranges {
    struct jt_range *range;
    size_t count, room;
    bool lost; /* memory ran out: not all of it is here */
};

void jt_ranges_add(struct jt_ranges *set, uint64_t start, uint64_t len); /* not what wraps */
void jt_ranges_merge(struct jt_ranges *set);
void jt_ranges_free(struct jt_ranges *set);
/* Leave in the set what lies inside the other one, or outside it. Both are merged. */
void jt_ranges_cut(struct jt_ranges *set, const struct jt_range *other, size_t count, bool inside);
uint64_t jt_ranges_bytes(const struct jt_range *range, size_t count);

/* ---- the target's inside -------------------------------------------------------------------- */

/* One file mapping: of /proc/PID/maps, or of a core's NT_FILE note. */
struct jt_mapping {
    uint64_t start, end, offset;
    bool readable, writable;
    char mode[5]; /* "rw-p"; "" of a core */
    char *path;   /* "" when anonymous */
};

#define JT_SYMBOL_MAX 128 /* bytes of a symbol's name that may matter, 0 included */

struct jt_root_symbol {
    const struct jt_module *module;
    char name[JT_SYMBOL_MAX], prefix[64];
    bool emap; /* arena_emap_global, not extents_rtree */
    uint64_t addr, size;
};

/* Types of a skeleton's notes. */
enum {
    JT_NOTE_ABOUT = 1,
    JT_NOTE_LAYOUT,
    JT_NOTE_BLOCKS,
    JT_NOTE_ARENAS,
    JT_NOTES = JT_NOTE_ARENAS
};
#define JT_VARIABLES_MAX 16
#define JT_VERDICTS_MAX 1024 /* of a skeleton; others that were left out are absent */
#define JT_VERDICT_RULES 32
#define JT_VERDICT_RULE 48 /* bytes of a rule's name */

struct jt_private {
    struct jt_samples *samples; /* layout_sample.c */
    struct jt_mapping *mapping;
    size_t mappings;
    struct jt_range *mapped; /* everything that is mapped */
    size_t mapped_count;
    struct jt_thread *thread;
    size_t threads;
    bool map_complete;     /* and nothing else is, or was */
    struct jt_range *load; /* of a core: what its headers name, without what only notes do */
    size_t load_count;
    struct jt_ranges code;     /* what can be executed; of a core, as far as its headers name it */
    struct jt_ranges writable; /* likewise */
    uint64_t entry;            /* AT_ENTRY, 0 when not known */
    uint64_t phdr;             /* AT_PHDR: where the program's headers are, 0 when not known */
    uint64_t phnum;            /* AT_PHNUM */
    uint64_t execfn;           /* AT_EXECFN: address of the program's name, 0 when not known */
    uint64_t page_size;        /* AT_PAGESZ, 0 when not known */
    uint16_t machine;          /* EM_X86_64 */
    uint8_t words;             /* bytes of a pointer, and of the words in notes: 4 or 8 */
    bool little_endian;
    bool freebsd; /* it says so in its ELF header */

    struct jh_image image; /* core, self */
    struct jh_segment *segment;
    size_t segments;

    char *core_path;
    const uint8_t *core;
    size_t core_size;
    bool core_mapped; /* by us, from a file */
    int core_fd;      /* -1 when not open */
    struct stat core_was;
    struct jt_ranges data;    /* of the file, what is on the disk; none: nobody knows */
    struct jh_segment *piece; /* of the image, when the file has holes; NULL: segment */
    bool version_told;        /* by the user */

    /* watch.c */
    jt_watch_fn *watch; /* NULL: nobody has asked */
    void *watch_arg;
    const char *doing; /* what was said last */
    bool given_up, opened;
    struct jh_reader inner;
    uint64_t read, behind; /* bytes: all; since pages were given back */
    unsigned until;        /* reads until the next look at the clock */

    const struct jt_files *files;
    const char *sysroot; /* while the target is opened; NULL: none */

    size_t file_warnings; /* the first ones, which are about the core file itself */
    size_t root_warnings, root_warnings_end; /* which are about other heaps */
    struct jt_text { /* a skeleton's notes, in the core; NULL: it is no skeleton */
        const char *bytes;
        size_t size;
    } note[JT_NOTES + 1]; /* by type */
    struct jt_variable {  /* jemalloc's, that a skeleton brings with it */
        char name[32];
        uint64_t addr, size;
    } variable[JT_VARIABLES_MAX];
    size_t variables;

    int mem_fd;      /* /proc/PID/mem, -1 when not open */
    bool without_vm; /* process_vm_readv does not work here */
    unsigned waited; /* for changes to be over, milliseconds */
    struct jt_ranges readable;

    struct jt_root_symbol root_symbol[JT_ROOTS_MAX]; /* all that there are */
    size_t root_symbols;
    bool roots_done;   /* those without symbols were looked for too */
    bool roots_hidden; /* and of some module's jemalloc none was found */

    struct jt_block *block; /* of the base allocators, as they come */
    size_t blocks;
    struct jt_arenas arenas;
    struct jt_arena_form form;
    struct jt_ranges written;  /* of a skeleton: structures that no element of the tree leads to, of
                                  memory that it does not have, and that was not all zero */
    struct jt_range *metadata; /* the same, merged */
    size_t metadata_count;
    bool metadata_done, metadata_complete;
    uint32_t base_blocks, arena_base, block_size, block_next; /* offsets */

    uint64_t left_out;         /* bytes that a skeleton lacks: the tree points at them */
    uint64_t left_out_now;     /* and that one of this target does */
    struct jh_verdict *broken; /* extents among them, and what is wrong with each */
    size_t brokens;
    char rule[JT_VERDICT_RULES][JT_VERDICT_RULE];
    size_t rules;
};

/* ---- machine.c: width and order of the target's words --------------------------------------- */

/* From an ELF header's first bytes; false when they are none. */
bool jt_machine_take(struct jt_target *target, const uint8_t *header, size_t size);
bool jt_machine_is(const struct jt_target *target, Elf *elf); /* is the file for this machine? */
const char *jt_machine_name(const struct jt_target *target);
/* The stock build of this version on the target's machine. */
void jt_machine_build(const struct jt_target *target, enum jh_version version,
                      struct jh_build *build);
/* Values that LG_VADDR and LG_PAGE may have there, the likeliest first. */
#define JT_LG_VADDRS 3
#define JT_LG_PAGES 5
size_t jt_machine_vaddrs(const struct jt_target *target, uint8_t out[JT_LG_VADDRS]);
extern const uint8_t jt_lg_page[JT_LG_PAGES];
/* An unsigned number of size bytes, as the target wrote it. */
uint64_t jt_number_at(const struct jt_target *target, const uint8_t *bytes, unsigned size);
void jt_number_put(const struct jt_target *target, uint8_t *bytes, uint64_t value, unsigned size);
bool jt_read_number(const struct jt_target *target, uint64_t addr, unsigned size, uint64_t *out);
bool jt_read_word(const struct jt_target *target, uint64_t addr, uint64_t *out); /* a pointer */
/* May what contradicts be read again? As reader.retry says. */
bool jt_retry(const struct jt_target *target, unsigned *times);

/* ---- elf_memory.c: an ELF file's headers where the target has them mapped ------------------- */

#define JT_PHDRS_MAX 128

struct jt_phdr {
    uint32_t type, flags;
    uint64_t offset, vaddr, filesz, memsz;
};

/* How many program headers are there; 0 when no ELF file of the target's kind starts there. */
size_t jt_memory_phdrs(const struct jt_target *target, uint64_t start,
                       struct jt_phdr out[JT_PHDRS_MAX]);
void jt_memory_build_id(const struct jt_target *target, uint64_t start, struct jt_build_id *out);

/* The file's first bytes: as many as there are, at most room. 0 when it cannot be read: errno. */
size_t jt_read_file(const char *file, void *dst, size_t room);
void *jt_grow(void *array, size_t count, size_t element); /* room for count + 1; NULL: no memory */
bool jt_all_zero(const uint8_t *bytes, size_t len);       /* len must not be 0 */

/* ---- process.c, maps.c, core.c, notes.c ----------------------------------------------------- */

enum jt_status jt_process_open(struct jt_target *target, const char *text);
enum jt_status jt_core_open(struct jt_target *target, const char *path, const char *name);
/* The same from bytes, which stay the caller's; name stands in sentences. */
enum jt_status jt_core_read(struct jt_target *target, const uint8_t *bytes, size_t size,
                            const char *name);
void jt_process_close(struct jt_target *target);
void jt_core_close(struct jt_target *target);
void jt_core_count(struct jt_target *target); /* bytes present and absent */
/* Bytes of the files that a core's segments lead to, each counted once: segments may share them.
 * Holes are none. UINT64_MAX for a process. */
uint64_t jt_core_bytes(const struct jt_target *target);

/* ---- holes.c, watch.c ----------------------------------------------------------------------- */

/* The runs of the file that are on the disk, at most so many. False: nobody knows. */
bool jt_data_find(struct jt_target *target, int fd, uint64_t size, size_t most,
                  struct jt_ranges *data);
/* The segments, cut where the core's file has holes. A new array, NULL when memory ran out or there
 * would be too many. */
struct jh_segment *jt_segments_without_holes(const struct jt_private *p, size_t *out);

/* In the middle of long work: how far it is, in bytes or the like. all 0: not known. False: it is
 * to be given up, which jt_open() says in the end whatever was concluded. */
bool jt_go_on(struct jt_target *target, const char *doing, uint64_t done, uint64_t all);
/* So many bytes of the core were read: once they are many, all of its pages in memory are given
 * back. They come again when they are read. */
void jt_give_back(struct jt_target *target, uint64_t bytes);
/* Let all reads go through both of these, where that is of use. */
void jt_watch_reader(struct jt_target *target);

enum jt_status jt_maps_read(struct jt_target *target);
/* Takes the mappings' addresses for what is mapped. */
bool jt_mapped_from_mappings(struct jt_target *target);
bool jt_mapping_add(struct jt_target *target, const struct jt_mapping *mapping, const char *path);
void jt_auxv_read(struct jt_target *target, const uint8_t *bytes, size_t size);
void jt_notes_read(struct jt_target *target, Elf *elf);
/* notes_freebsd.c: a note whose owner is FreeBSD. */
void jt_note_freebsd(struct jt_target *target, uint64_t type, const uint8_t *desc, size_t size);
/* The image reader over priv->segment. */
enum jt_status jt_image_start(struct jt_target *target);

/* ---- mapped.c ------------------------------------------------------------------------------- */

/* The reader's answer to what may be mapped, once it is known what the target is. */
void jt_mapped_start(struct jt_target *target);
/* False: nothing ever was there, so what leads there is corrupt. jt_mapped does not tell that: a
 * debugger's core leaves mappings out. */
bool jt_may_be_mapped(const struct jt_target *target, uint64_t addr);

/* ---- elf_file.c: one ELF file --------------------------------------------------------------- */

struct jt_elf {
    uint8_t *bytes; /* the file, mapped, and zeroes */
    size_t mapped;
    Elf *elf;
    struct jt_elf *debug; /* a separate file with the symbols, NULL when there is none */
    struct jt_elf *alt;   /* what several files share of their debug information (dwz -m) */
    Dwarf *dwarf;
    bool dwarf_tried;
    struct jt_symbols *symbols; /* nearest.c: NULL until somebody asks */
    bool memory_ran_out;        /* while its other files were looked for */
};

/* Where names that a target brings lead to. Nothing else opens a file because of such a name. */
struct jt_files {
    struct jt_elf *(*open)(void *arg, const char *name); /* NULL: no ELF file of that name */
    void *arg;
};

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

/* ---- open.c --------------------------------------------------------------------------------- */

/* A core that is in memory already, and files that come from wherever files says: options->target
 * is a name only. All of it must outlive the target. */
struct jt_bytes {
    const uint8_t *core;
    size_t size;
    struct jt_files files;
};

enum jt_status jt_open_bytes(const struct jt_options *options, const struct jt_bytes *bytes,
                             struct jt_target **out);

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

size_t jt_roots_find(struct jt_target *target, struct jt_root_symbol out[JT_ROOTS_MAX]);
/* Is the name that of a root, whatever stands before it? Gives the prefix's length. */
bool jt_root_name_is(const char *name, size_t *prefix, bool *emap);
/* Where root[0] is: the array is a power of two of pointers at the symbol's end, behind a mutex. */
uint64_t jt_root_array(const struct jt_target *target, const struct jt_root_symbol *root);
/* Is there anything in the tree? */
bool jt_root_in_use(struct jt_target *target, const struct jt_root_symbol *root);

/* ---- version.c ------------------------------------------------------------------------------ */

/* The next "5.x.y-N-gHEX" in the bytes, from *at on; false when there is none. */
bool jt_version_next(const uint8_t *bytes, size_t size, size_t *at, char out[128]);
/* Is it what a jemalloc says that was built without knowing its version? */
bool jt_version_unsaid(const char *text);
/* Or of one that jeheap does not know? */
bool jt_version_unknown(const char *text);
const char *jt_version_text(const struct jt_target *target); /* for messages */
/* All versions, in the order in which they are tried where none is said. */
extern const enum jh_version jt_version_order[JH_VERSIONS];
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

/* ---- macro.c, dwarf.c ----------------------------------------------------------------------- */

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
/* In this process: for files that are trusted, and for apart.c. */
void jt_dwarf_read(const struct jt_root_symbol *root, struct jt_dwarf *out);
void jt_dwarf_free(struct jt_dwarf *dwarf);

/* ---- apart.c -------------------------------------------------------------------------------- */

/* jt_dwarf_read() where nothing that the file does to it can harm; what went wrong is a warning. */
void jt_dwarf_read_apart(struct jt_target *target, const struct jt_root_symbol *root,
                         struct jt_dwarf *out);

/* What is being learnt of the target. */
struct jt_search;

struct jt_learn {
    const struct jt_options *options;
    struct jt_root_symbol root; /* module NULL: no symbol */
    bool root_known;            /* root_addr is root[0], whatever the layout */
    uint64_t root_addr;
    struct jt_dwarf dwarf;
    struct jh_build build;
};

/* ---- root.c, roots.c, missing.c ------------------------------------------------------------- */

/* --root, when something is mapped there. */
enum jt_status jt_root_given(struct jt_target *target, struct jt_learn *learn);
/* Is the root one that was given, and no variable of a module? What is there may be the program's.
 */
bool jt_root_is_elsewhere(const struct jt_target *target);
/* Given, or a symbol's, or looked for. */
enum jt_status jt_root_find(struct jt_target *target, struct jt_learn *learn);
/* One more in the target's list, if it is not there yet. */
void jt_root_add(struct jt_target *target, const struct jt_module *module, uint64_t addr,
                 const char *symbol);
/* The list's chosen one is that of target->heap. */
void jt_root_choose(struct jt_target *target);
/* Is it the end of the module's path, at a slash, or the name of its file without what follows
 * ".so"? */
bool jt_module_named(const struct jt_module *module, const char *name);
/* Has the module a jemalloc, by its version string, and no root that is known? */
bool jt_root_hidden(const struct jt_target *target, const struct jt_module *module,
                    char version[128]);
void jt_roots_close(struct jt_target *target);
/* missing.c: why there is none. version: the target's version of jemalloc is known. */
enum jt_status jt_no_root(struct jt_target *target, const char *layout, bool version,
                          const struct jt_search *search);
/* missing.c: --in names none that has a jemalloc, why: it says which have. */
enum jt_status jt_not_in(struct jt_target *target, const char *in, const char *why);
/* missing.c: which of these in the target's list is meant? */
enum jt_status jt_several_roots(struct jt_target *target, size_t first, size_t count, size_t used);
void jt_warn_of_files(struct jt_target *target);

/* ---- layout_source.c, layout_choose.c, layout_dwarf.c, layout_memory.c, layout_fit.c --------- */

/* The root's address with this layout. */
uint64_t jt_root_of(const struct jt_learn *learn, const struct jh_layout *layout);
void jt_root_from_symbol(const struct jt_learn *learn, struct jh_layout *layout);
/* By trying. */
enum jt_status jt_layout_choose(struct jt_target *target, struct jt_learn *learn);

/* skeleton_open.c: what its notes tell takes the place of files, symbols and debug information. */
enum jt_status jt_skeleton_open(struct jt_target *target, struct jt_learn *learn);
enum jt_status jt_layout_learn(struct jt_target *target, struct jt_learn *learn);
/* Overwrite what debug information knows better. Gives how many differences there are; say: with a
 * warning for each. */
size_t jt_layout_from_dwarf(struct jt_target *target, const struct jt_dwarf *dwarf,
                            struct jh_layout *layout, bool say);
void jt_build_from_macros(struct jt_target *target, struct jt_dwarf *dwarf, struct jh_build *build);
/* False when memory does not tell, or nothing sound. */
bool jt_bins_from_memory(struct jt_target *target, const struct jt_dwarf *dwarf,
                         struct jh_layout *layout);
bool jt_pad_from_memory(struct jt_target *target, struct jh_layout *layout);
bool jt_by_size_from_memory(struct jt_target *target, struct jh_layout *layout);

/* How a layout fares with the heap. */
struct jt_fit {
    uint64_t sound, unsound;
    uint64_t absent; /* neither for it nor against it */
    /* Unsound ones, all of a part of the tree in which nothing is sound as one: a stray word in the
     * root leads to as many as there are. */
    uint64_t against;
    uint64_t elements;         /* in the nodes that were looked at: of these the others are some */
    uint64_t likely, unlikely; /* does size go with size class, and the like? */
    size_t bins;               /* that were taken from the slabs */
    uint64_t serials;          /* all bits that a serial number has */
    uint64_t digest;           /* of all that was decoded: equal when two layouts say the same */
    struct jh_fault fault;     /* the first unsound one's */
};

/* How far to look: one try of very many; enough to know; enough to tell two good ones apart. */
enum jt_effort { JT_FIT_GLANCE, JT_FIT_LOOK, JT_FIT_SEARCH };
/* Extents from all over the tree, as many as the effort allows (layout_sample.c). */
void jt_layout_fit(struct jt_target *target, const struct jh_layout *layout, uint64_t root,
                   enum jt_effort effort, struct jt_fit *out);
bool jt_fits(const struct jt_fit *fit);
/* layout_bins.c: bins as the slabs have them. Gives how many were changed. */
size_t jt_bins_from_slabs(struct jt_target *target, uint64_t root, enum jt_effort effort,
                          struct jh_layout *layout);
/* The same where it makes a layout fit that did not; fit is that of the layout before. */
void jt_bins_try(struct jt_target *target, uint64_t root, enum jt_effort effort,
                 struct jh_layout *layout, struct jt_fit *fit);
void jt_bins_infer(struct jt_target *target, uint64_t root); /* of the target's layout */
/* layout_candidate.c: is it a version between two releases that are known? */
bool jt_version_between(const char *text, enum jh_version *release);
/* layout_verify.c: the chosen one, or the one that the user insists on. */
enum jt_status jt_layout_verify(struct jt_target *target, const struct jt_options *options);
/* Whoever gives a layout gets it, and whoever gives a root, if anything decodes there. */
bool jt_insists(const struct jt_options *options, const struct jt_fit *fit);
/* layout_sample.c: what is kept of the tree */
void jt_samples_free(struct jt_target *target);

/* ---- infer_root.c: no symbols --------------------------------------------------------------- */

struct jt_found_root {
    const struct jt_module *module;
    uint64_t root;
    uint64_t extents;        /* about how many there are, to 256 */
    uint64_t tried, unsound; /* of them */
    bool clean;              /* nearly all decode */
    struct jh_fault fault;   /* the first unsound one's */
};

/* What is looked for. Zero it, and fill in the first ones. */
struct jt_search {
    struct jh_build build; /* for modules that do not say their version */
    bool any_version;      /* build's version is not known */
    bool given;            /* build is for all modules, whatever they say */
    const char *in;        /* only modules of this name; NULL: all */
    bool sayers;           /* only those that have a version string among their constants */
    struct jt_found_root found[JT_ROOTS_MAX]; /* the best one first */
    size_t count, alike;                      /* so many of the first ones are equally good */
    uint64_t limit_at;                        /* not 0: a budget ended the search there */
    uint64_t looked;                          /* bytes that were looked at */
};

/* Look for roots in the writable memory of the modules that none is known of. */
void jt_root_infer(struct jt_target *target, struct jt_search *search);

/* ---- metadata.c ----------------------------------------------------------------------------- */

/* Offsets as this version has them, or as debug information says. */
void jt_metadata_learn(struct jt_target *target, const struct jt_dwarf *dwarf);
/* Look for the blocks, if nobody has yet. */
void jt_metadata_find(struct jt_target *target);
/* One more of them, of the arena that came last; false when memory ran out. */
bool jt_metadata_add(struct jt_target *target, uint64_t at, uint64_t size, uint64_t used);
/* That was all of them; complete: and there are no others. */
void jt_metadata_done(struct jt_target *target, bool complete);

#endif
