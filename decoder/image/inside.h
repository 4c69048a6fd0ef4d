/* inside.h - what the files of image/ tell each other and the rooms after it.
 *
 * process.c (with maps.c) or core.c (with notes.c) make a reader. */
#ifndef JEHEAP_IMAGE_INSIDE_H
#define JEHEAP_IMAGE_INSIDE_H

#include <libelf.h>
#include <sys/stat.h>

#include "image/ranges.h"

#if defined(__GNUC__)
#define JT_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define JT_PRINTF(text, first)
#endif

/* ---- text.c: errors and warnings ------------------------------------------------------------ */

/* A sentence that stands in another one, as %.*s: what the other one says behind it has room. */
#define JT_NESTED_MAX (JT_TEXT_MAX - 1024)

/* Writes the sentence and the status into the target, and returns the status. Whatever the target
 * says in it is made plain (plain_text.h). */
enum jt_status jt_fail(struct jt_target *target, enum jt_status status, const char *text, ...)
    JT_PRINTF(3, 4);
/* Which of the target's warnings it is: 1, 2...; 0: memory ran out, or there are too many. */
size_t jt_warn(struct jt_target *target, const char *text, ...) JT_PRINTF(2, 3);
bool jt_number(const char *text, uint64_t *out); /* decimal or 0x...; all of the text */
/* Libraries say "there is none" when memory ran out as well; only errno tells. It was set to 0
 * before they were asked. */
void jt_note_memory(struct jt_target *target);

/* ---- the target's inside -------------------------------------------------------------------- */

/* One file mapping: of /proc/PID/maps, or of a core's NT_FILE note. */
struct jt_mapping {
    uint64_t start, end, offset;
    bool readable, writable;
    char mode[5]; /* "rw-p"; "" of a core */
    char *path;   /* "" when anonymous */
};

#define JT_NOTE_OWNER "JEHEAP"
/* Types of a skeleton's notes. */
enum {
    JT_NOTE_ABOUT = 1,
    JT_NOTE_LAYOUT,
    JT_NOTE_BLOCKS,
    JT_NOTE_ARENAS,
    JT_NOTE_CACHES,
    JT_NOTES = JT_NOTE_CACHES
};
/* This room's, and for the others a pointer each. */
struct jt_private {
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
    uint64_t vdso;             /* AT_SYSINFO_EHDR, likewise */
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
    uint64_t lent;            /* bytes of other files that segments lead to */
    struct jt_ranges data;    /* of the file, what is on the disk; none: nobody knows */
    struct jh_segment *piece; /* of the image, when the file has holes; NULL: segment */

    /* progress.c */
    jt_watch_fn *watch; /* NULL: nobody has asked */
    void *watch_arg;
    const char *doing; /* what was said last */
    bool given_up, opened;
    struct jh_reader inner;
    uint64_t read, behind; /* bytes: all; since pages were given back */
    unsigned until;        /* reads until the next look at the clock */

    size_t file_warnings; /* the first ones, which are about the core file itself */
    struct jt_text {      /* a skeleton's notes, in the core; NULL: it is no skeleton */
        const char *bytes;
        size_t size;
    } note[JT_NOTES + 1]; /* by type */

    int mem_fd;      /* /proc/PID/mem, -1 when not open */
    bool without_vm; /* process_vm_readv does not work here */
    unsigned waited; /* for changes to be over, milliseconds */
    struct jt_ranges readable;

    /* What the rooms after this one know, each in its inside.h. */
    struct jt_file_source *source;
    struct jt_learnt *learnt;
    struct jt_base *base;
    struct jt_left_out *skeleton;
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
/* The same with a skeleton's segments of zeroes, which all lead to one piece of it. */
#define JT_SKELETON_ZEROES_MAX (UINT64_C(64) << 10) /* bytes of such a segment */
uint64_t jt_core_bytes_with_zeroes(const struct jt_target *target);

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

/* ---- sparse_core.c, progress.c --------------------------------------------------------------- */

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

/* ---- mapped.c ------------------------------------------------------------------------------- */

/* The reader's answer to what may be mapped, once it is known what the target is. */
void jt_mapped_start(struct jt_target *target);
/* False: nothing ever was there, so what leads there is corrupt. jt_mapped does not tell that: a
 * debugger's core leaves mappings out. */
bool jt_may_be_mapped(const struct jt_target *target, uint64_t addr);

/* ---- threads.c ------------------------------------------------------------------------------ */

/* Of a core, from its notes: struct elf_prstatus. */
void jt_thread_note(struct jt_target *target, const uint8_t *note, size_t size);
/* Of FreeBSD's: struct prstatus, and struct thrmisc of the same thread behind it. */
void jt_thread_note_freebsd(struct jt_target *target, const uint8_t *note, size_t size);
void jt_thread_name_freebsd(struct jt_target *target, const uint8_t *note, size_t size);
/* Of a process, from /proc: later no file can be opened. */
void jt_threads_read(struct jt_target *target);
/* thread_pointer.c: of a process, as far as memory tells (x86_64). A core's registers have it. */
void jt_threads_locate(struct jt_target *target);

#endif
