/* inside.h - what the files of image/ share with each other and with the layers above.
 *
 * process.c (with maps.c) or core.c (with core_headers.c and notes.c) makes the reader. */
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

/* The longest sentence that is quoted inside another one (as %.*s), so that the rest of that fits.
 */
#define JT_NESTED_MAX (JT_TEXT_MAX - 1024)

/* Writes the sentence and the status into the target, and returns the status. Control characters in
 * the sentence are escaped (plain_text.h). */
enum jt_status jt_fail(struct jt_target *target, enum jt_status status, const char *text, ...)
    JT_PRINTF(3, 4);
/* Adds a warning to the target. Gives its number: 1, 2...; 0: memory ran out, or there are too
 * many. */
size_t jt_warn(struct jt_target *target, const char *text, ...) JT_PRINTF(2, 3);
bool jt_number(const char *text, uint64_t *out); /* decimal or 0x...; all of the text */
/* Records that memory ran out, when errno says ENOMEM. Libraries return the same for "none" and for
 * "no memory"; the caller sets errno to 0 before it asks them. */
void jt_note_memory(struct jt_target *target);

/* ---- the target's inside -------------------------------------------------------------------- */

/* One file mapping: of /proc/PID/maps, or of a core's NT_FILE note. */
struct jt_mapping {
    uint64_t start, end, offset;
    bool readable, writable;
    char mode[5]; /* "rw-p"; "" in a core */
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
    JT_NOTE_PLACES = 7, /* 6 is in skeletons of an older jeheap, and is not read */
    JT_NOTE_HANDS,
    JT_NOTES = JT_NOTE_HANDS
};
/* The private part of a target: the fields of image/, and a pointer for each layer above. */
struct jt_private {
    struct jt_mapping *mapping;
    size_t mappings;
    struct jt_range *mapped; /* the addresses of all mapped memory */
    size_t mapped_count;
    struct jt_thread *thread;
    size_t threads;
    bool map_complete;     /* mapped has all memory that was mapped; a core may name only some */
    struct jt_range *load; /* of a core: memory that program headers name, without that of notes */
    size_t load_count;
    struct jt_ranges code;     /* executable memory; of a core, as far as its headers name it */
    struct jt_ranges writable; /* likewise, sorted */
    uint64_t entry;            /* AT_ENTRY, 0 when not known */
    uint64_t vdso;             /* AT_SYSINFO_EHDR, 0 when not known */
    uint64_t phdr;             /* AT_PHDR: address of the program's headers, 0 when not known */
    uint64_t phnum;            /* AT_PHNUM */
    uint64_t execfn;           /* AT_EXECFN: address of the program's name, 0 when not known */
    uint64_t page_size;        /* AT_PAGESZ, 0 when not known */
    uint16_t machine;          /* EM_X86_64 */
    uint8_t words;             /* bytes of a pointer, and of the words in notes: 4 or 8 */
    bool little_endian;
    bool freebsd; /* its ELF header says FreeBSD */

    struct jh_image image; /* of a core or of this process */
    struct jh_segment *segment;
    size_t segments;

    char *core_path;
    const uint8_t *core;
    size_t core_size;
    bool core_mapped; /* core is a mapping of a file, to be unmapped */
    int core_fd;      /* -1 when not open */
    struct stat core_was;
    uint64_t lent;            /* bytes of module files that segments lead to */
    struct jt_ranges data;    /* runs of the file that are on the disk; empty: not known */
    struct jh_segment *piece; /* segments cut at the file's holes; NULL: the file has no holes */

    /* progress.c */
    jt_watch_fn *watch; /* NULL: the caller wants no progress */
    void *watch_arg;
    const char *doing; /* the last work that was reported */
    bool given_up, opened;
    struct jh_reader inner;
    uint64_t read, behind; /* bytes read: in all; since pages were given back */
    uint64_t stays;        /* bytes of it that may stay beside that: they are read many times */
    uint64_t faults;       /* of this process, when pages were given back */
    unsigned until;        /* reads until the next call of watch */

    size_t file_warnings; /* the first so many warnings are about the core's file itself */
    struct jt_text {      /* a skeleton's notes, as bytes of the core; NULL: not a skeleton */
        const char *bytes;
        size_t size;
    } note[JT_NOTES + 1]; /* by type */

    struct jt_stopped *stopped; /* hold.c: the threads of one that is still */
    size_t stopped_count;
    int stopped_last;   /* the highest of their numbers */
    uint8_t *still_reg; /* their registers */
    bool is_still;      /* all of them */
    bool stands;        /* it was stopped by a signal when it was opened */
    int64_t still_since;
    uint64_t still_ns; /* of one that was let go */

    int mem_fd;                /* /proc/PID/mem, -1 when not open */
    bool without_vm;           /* process_vm_readv does not work here */
    unsigned waited;           /* milliseconds that retries have waited (reader.retry) */
    struct jt_ranges readable; /* readable mappings of a process */

    /* The state of the layers above, each in its own inside.h. */
    struct jt_file_source *source;
    struct jt_learnt *learnt;
    struct jt_base *base;
    struct jt_left_out *skeleton;
};

/* ---- machine.c: width and order of the target's words --------------------------------------- */

/* Learns the machine from the first bytes of an ELF header; false when they are no ELF header. */
bool jt_machine_take(struct jt_target *target, const uint8_t *header, size_t size);
bool jt_machine_is(const struct jt_target *target, Elf *elf); /* is elf for the target's machine? */
const char *jt_machine_name(const struct jt_target *target);
/* Parameters of the stock build of this version on the target's machine. */
void jt_machine_build(const struct jt_target *target, enum jh_version version,
                      struct jh_build *build);
/* Values that LG_VADDR and LG_PAGE may have on that machine, the likeliest first. */
#define JT_LG_VADDRS 3
#define JT_LG_PAGES 5
size_t jt_machine_vaddrs(const struct jt_target *target, uint8_t out[JT_LG_VADDRS]);
extern const uint8_t jt_lg_page[JT_LG_PAGES];
/* An unsigned number of size bytes, in the target's byte order. */
uint64_t jt_number_at(const struct jt_target *target, const uint8_t *bytes, unsigned size);
void jt_number_put(const struct jt_target *target, uint8_t *bytes, uint64_t value, unsigned size);
bool jt_read_number(const struct jt_target *target, uint64_t addr, unsigned size, uint64_t *out);
bool jt_read_word(const struct jt_target *target, uint64_t addr, uint64_t *out); /* a pointer */
/* Should memory that contradicts itself be read again? See reader.retry. */
bool jt_retry(const struct jt_target *target, unsigned *times);

/* ---- elf_memory.c: an ELF file's headers where the target has them mapped ------------------- */

#define JT_PHDRS_MAX 128

struct jt_phdr {
    uint32_t type, flags;
    uint64_t offset, vaddr, filesz, memsz;
};

/* The number of program headers at that address; 0 when no ELF file for this machine starts there.
 */
size_t jt_memory_phdrs(const struct jt_target *target, uint64_t start,
                       struct jt_phdr out[JT_PHDRS_MAX]);
void jt_memory_build_id(const struct jt_target *target, uint64_t start, struct jt_build_id *out);

/* Reads the first bytes of a file, at most size, and returns how many; 0 on failure, with errno. */
size_t jt_read_file(const char *file, void *dst, size_t size);
/* Makes an array of count elements large enough for one more. Gives the array, which may have
 * moved; NULL: memory ran out. element is the size of one. */
void *jt_grow(void *array, size_t count, size_t element);
/* In an array that is sorted by what its elements begin with, an address, the one of that address;
 * NULL: there is none. element is the size of one. */
void *jt_element_at(const void *array, size_t count, size_t element, uint64_t at);
bool jt_all_zero(const uint8_t *bytes, size_t len); /* len must not be 0 */

/* ---- process.c, maps.c, core.c, core_headers.c, notes.c ------------------------------------- */

enum jt_status jt_process_open(struct jt_target *target, const char *text);
enum jt_status jt_core_open(struct jt_target *target, const char *path, const char *name);
/* The same for a core in memory. The caller keeps the bytes until the target is closed; name is
 * used in sentences. */
enum jt_status jt_core_read(struct jt_target *target, const uint8_t *bytes, size_t size,
                            const char *name);
/* Its mappings, as they are by now. */
enum jt_status jt_process_again(struct jt_target *target);
void jt_process_close(struct jt_target *target);
void jt_core_close(struct jt_target *target);
void jt_core_count(struct jt_target *target); /* sets bytes_present and bytes_absent */
/* The bytes of the core's file, without its holes, and of module files that segments lead to.
 * Segments may share bytes, so they may have more. UINT64_MAX for a process. */
uint64_t jt_core_bytes(const struct jt_target *target);
/* The same, but each segment of zeroes of a skeleton counts in full, though all lead to one run of
 * zeroes in the file. */
#define JT_SKELETON_ZEROES_MAX (UINT64_C(64) << 10) /* bytes of such a segment */
uint64_t jt_core_bytes_with_zeroes(const struct jt_target *target);

/* core_headers.c: fails when the bytes do not begin with the ELF header of a core. */
enum jt_status jt_core_check_ident(struct jt_target *target);
/* Takes machine, segments and mapped memory from ELF header and program headers. */
enum jt_status jt_core_read_headers(struct jt_target *target, Elf *elf);
/* Adds the mappings of files that only notes name to the mapped memory. */
enum jt_status jt_core_add_files(struct jt_target *target);

enum jt_status jt_maps_read(struct jt_target *target);
/* Sets mapped to the addresses of the mappings. */
bool jt_mapped_from_mappings(struct jt_target *target);
bool jt_mapping_add(struct jt_target *target, const struct jt_mapping *mapping, const char *path);
void jt_auxv_read(struct jt_target *target, const uint8_t *bytes, size_t size);
void jt_notes_read(struct jt_target *target, Elf *elf);
/* notes_freebsd.c: reads a note whose owner is FreeBSD. */
void jt_note_freebsd(struct jt_target *target, uint64_t type, const uint8_t *desc, size_t size);
/* Makes the image reader over priv->segment. */
enum jt_status jt_image_start(struct jt_target *target);

/* ---- sparse_core.c, progress.c --------------------------------------------------------------- */

/* Finds the runs of the file that are on the disk, up to a maximum. False: not known. */
bool jt_data_find(struct jt_target *target, int fd, uint64_t size, size_t most,
                  struct jt_ranges *data);
/* Cuts the segments where the core's file has holes. Gives a new array; NULL: memory ran out, or
 * there would be too many segments. */
struct jh_segment *jt_segments_without_holes(const struct jt_private *p, size_t *out);

/* Reports progress of long work to the caller of jt_open(): done of all, in bytes or another unit;
 * all is 0 when it is not known. False: the caller wants to give up; jt_open() then fails. */
bool jt_go_on(struct jt_target *target, const char *doing, uint64_t done, uint64_t all);
/* Counts bytes of the core that were read. After 16 MiB the core's pages are given back to the
 * kernel, which reads them again when they are needed. */
void jt_give_back(struct jt_target *target, uint64_t bytes);
/* Makes all reads report progress and give back pages, unless the caller wants no progress and the
 * core is small. */
void jt_watch_reader(struct jt_target *target);

/* ---- mapped.c ------------------------------------------------------------------------------- */

/* Sets the reader's may-be-mapped callback, once it is known what the target is. */
void jt_mapped_start(struct jt_target *target);
/* False: no memory was mapped at the address, so a pointer to it is corrupt. jt_mapped() cannot
 * tell that, because a debugger's core leaves mappings out. */
bool jt_may_be_mapped(const struct jt_target *target, uint64_t addr);

/* ---- threads.c ------------------------------------------------------------------------------ */

/* thread_form.c: what is known of the threads of a machine. Registers are counted in words from the
 * first one of struct elf_prstatus. */
struct jt_thread_form {
    uint16_t machine;
    uint8_t words, count; /* bytes of a pointer; number of registers, 0: nothing is known */
    uint8_t pc, stack;
    uint8_t tls;      /* the thread pointer; 0: it is not among them */
    uint8_t freebsd;  /* the stack pointer in FreeBSD's notes; 0: not known */
    uint16_t note;    /* type of another note, which has the thread pointer; 0: none has it */
    uint8_t selector; /* this register tells which entry of that note it is; 0: the first word */
    bool behind;      /* storage is behind the thread pointer (variant I), not in front of it */
    uint16_t self;    /* bytes from the thread pointer, which points to itself, to another such
                         pointer; 0: memory does not tell where a thread pointer is */
    uint16_t id;      /* bytes from it to the number of the thread */
};
const struct jt_thread_form *jt_thread_form(const struct jt_target *target);
/* Takes the thread pointer from what its form names as note; PTRACE_GETREGSET gives the same. */
void jt_thread_pointer(const struct jt_target *target, const uint8_t *bytes, size_t size,
                       struct jt_thread *thread);
/* Where the storage of a thread is whose modules have so many bytes of it; with so many bytes of
 * the C library's data of the thread, on the other side of its thread pointer. */
struct jt_range jt_thread_storage(const struct jt_target *target, uint64_t pointer, uint64_t bytes,
                                  uint64_t data);
/* Does memory say that a thread's pointer is there? Gives the number of that thread. */
bool jt_thread_pointer_at(const struct jt_target *target, uint64_t at, int *id);

/* Adds a thread of a core from its note, struct elf_prstatus, which stays where it is. */
void jt_thread_note(struct jt_target *target, const uint8_t *note, size_t size);
/* Another note of that thread, whose owner is LINUX. */
void jt_thread_note_more(struct jt_target *target, uint64_t type, const uint8_t *note, size_t size);
#define JT_REGISTERS_MAX 512 /* bytes of one thread's */
/* What these registers tell, in the order of struct elf_prstatus: PTRACE_GETREGSET gives the same.
 * They stay the caller's. */
void jt_thread_registers(const struct jt_target *target, const uint8_t *bytes, size_t size,
                         struct jt_thread *out);
/* The same for FreeBSD: struct prstatus, then struct thrmisc of the same thread. */
void jt_thread_note_freebsd(struct jt_target *target, const uint8_t *note, size_t size);
void jt_thread_name_freebsd(struct jt_target *target, const uint8_t *note, size_t size);
/* Adds the threads of a process from /proc. Called before the sandbox forbids to open files. */
void jt_threads_read(struct jt_target *target);
/* thread_pointer.c: finds the thread pointers that registers do not tell in memory, where that says
 * it (form.self). False: a limit was reached before all were found. */
bool jt_threads_locate(struct jt_target *target);

#endif
