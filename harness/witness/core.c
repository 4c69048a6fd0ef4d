/* core: an ELF core of this process, written by the process itself. It is the same on every
 * machine and under every emulator, and asks nothing of the system's settings. Threads have no
 * registers in it: only memory, the mapped files and the auxiliary vector. */
#define _FILE_OFFSET_BITS 64 /* on 32-bit machines too */
#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define BLOCK 4096
#define MAPPINGS_MAX 60000 /* e_phnum has 16 bits */
#define NOTES_MAX ((size_t)1 << 22)
#define PATHS_MAX ((size_t)1 << 20)

struct mapping {
    uintptr_t start, end;
    uint64_t offset; /* in the file */
    bool readable;
    const char *path; /* NULL: of no file */
};

/* There from the start, so that writing a core maps nothing: an address that the truth calls
 * unmapped is to stay so. */
static struct image {
    int fd;
    size_t count, note_size, path_size;
    struct mapping mapping[MAPPINGS_MAX];
    unsigned char note[NOTES_MAX];
    char path[PATHS_MAX];
} the_image;

extern const ElfW(Ehdr) __ehdr_start; /* of this very program, from the linker */

/* ---- mappings -------------------------------------------------------------------------------- */

static const char *keep_path(struct image *image, const char *name) {
    size_t size = strlen(name) + 1;
    if (size > PATHS_MAX - image->path_size) {
        die("The names of the mapped files are too long.");
    }
    char *kept = memcpy(image->path + image->path_size, name, size);
    image->path_size += size;
    return kept;
}

/* start-end rwxp offset device inode path */
static bool parse_mapping(struct image *image, char *line, struct mapping *out) {
    unsigned long long start, end, offset;
    char access[5];
    int path = 0;
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "%llx-%llx %4s %llx %*s %*s %n", &start, &end, access, &offset, &path) < 4) {
        return false;
    }
    const char *name = line + path;
    *out = (struct mapping){(uintptr_t)start, (uintptr_t)end, offset, access[0] == 'r', NULL};
    if (name[0] == '/') {
        out->path = keep_path(image, name);
    } else if (strncmp(name, "[v", 2) == 0) { /* vvar, vsyscall: the kernel's, not to be read */
        out->readable = false;
    }
    return true;
}

static void read_mappings(struct image *image) {
    char line[4400];
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        if (image->count == MAPPINGS_MAX) {
            die("More than %d mappings.", MAPPINGS_MAX);
        }
        image->count += parse_mapping(image, line, &image->mapping[image->count]);
    }
    if (maps == NULL || image->count == 0) {
        die("/proc/self/maps cannot be read.");
    }
    fclose(maps);
}

/* ---- notes ----------------------------------------------------------------------------------- */

static void put(struct image *image, const void *bytes, size_t size) {
    if (size > NOTES_MAX - image->note_size) {
        die("The notes of the core are too long.");
    }
    memcpy(image->note + image->note_size, bytes, size);
    image->note_size += size;
}

static void put_word(struct image *image, unsigned long word) {
    put(image, &word, sizeof(word));
}

static void pad_note(struct image *image) {
    while (image->note_size % 4 != 0) {
        put(image, "", 1);
    }
}

/* Returns where the description starts, for end_note(). */
static size_t start_note(struct image *image, unsigned type) {
    const ElfW(Nhdr) header = {.n_namesz = 5, .n_type = type};
    put(image, &header, sizeof(header));
    put(image, "CORE\0\0\0", 8);
    return image->note_size;
}

static void end_note(struct image *image, size_t start) {
    ElfW(Nhdr) header;
    unsigned char *at = image->note + start - 8 - sizeof(header);
    memcpy(&header, at, sizeof(header));
    header.n_descsz = (ElfW(Word))(image->note_size - start);
    memcpy(at, &header, sizeof(header));
    pad_note(image);
}

static void note_auxv(struct image *image) {
    char bytes[4096];
    int fd = open("/proc/self/auxv", O_RDONLY);
    ssize_t got = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
    if (got > 0) {
        size_t start = start_note(image, NT_AUXV);
        put(image, bytes, (size_t)got);
        end_note(image, start);
    }
    close(fd);
}

/* count, unit of the offsets, count x {start, end, offset}, count names */
static void note_files(struct image *image) {
    size_t start = start_note(image, NT_FILE), files = 0;
    for (size_t i = 0; i < image->count; i++) {
        files += image->mapping[i].path != NULL;
    }
    put_word(image, files);
    put_word(image, BLOCK);
    for (size_t i = 0; i < image->count; i++) {
        const struct mapping *m = &image->mapping[i];
        if (m->path != NULL) {
            put_word(image, m->start);
            put_word(image, m->end);
            put_word(image, (unsigned long)(m->offset / BLOCK));
        }
    }
    for (size_t i = 0; i < image->count; i++) {
        const struct mapping *m = &image->mapping[i];
        if (m->path != NULL) {
            put(image, m->path, strlen(m->path) + 1);
        }
    }
    end_note(image, start);
}

/* ---- file ------------------------------------------------------------------------------------ */

static void write_at(const struct image *image, const void *bytes, size_t size, uint64_t offset) {
    for (size_t done = 0; done < size;) {
        ssize_t wrote =
            pwrite(image->fd, (const char *)bytes + done, size - done, (off_t)(offset + done));
        if (wrote <= 0) {
            die("The core cannot be written: %s.", strerror(errno));
        }
        done += (size_t)wrote;
    }
}

/* Blocks of zeroes become holes in the file. */
static void write_memory(const struct image *image, const struct mapping *m, uint64_t offset) {
    static const char zeroes[BLOCK];
    for (uintptr_t at = m->start; at < m->end; at += BLOCK) {
        if (memcmp((const void *)at, zeroes, BLOCK) != 0) {
            write_at(image, (const void *)at, BLOCK, offset + (at - m->start));
        }
    }
}

static ElfW(Phdr) load_of(const struct mapping *m, uint64_t offset) {
    ElfW(Phdr) load = {.p_type = PT_LOAD, .p_align = BLOCK};
    load.p_offset = (ElfW(Off))offset;
    load.p_vaddr = m->start;
    load.p_memsz = m->end - m->start;
    load.p_filesz = m->readable ? load.p_memsz : 0;
    load.p_flags = m->readable ? PF_R : 0;
    return load;
}

static uint64_t block_up(uint64_t size) {
    return (size + BLOCK - 1) / BLOCK * BLOCK;
}

static void write_image(const struct image *image) {
    ElfW(Ehdr) header = __ehdr_start;
    ElfW(Phdr) entry = {.p_type = PT_NOTE, .p_align = 4};
    header.e_type = ET_CORE;
    header.e_entry = header.e_shoff = 0;
    header.e_phoff = sizeof(header);
    header.e_phnum = (ElfW(Half))(image->count + 1);
    header.e_shentsize = header.e_shnum = header.e_shstrndx = 0;
    uint64_t row = header.e_phoff, offset = row + (image->count + 1) * sizeof(entry);
    entry.p_offset = (ElfW(Off))offset;
    entry.p_filesz = (ElfW(Word))image->note_size;
    write_at(image, &header, sizeof(header), 0);
    write_at(image, &entry, sizeof(entry), row);
    write_at(image, image->note, image->note_size, offset);
    offset = block_up(offset + image->note_size);
    for (size_t i = 0; i < image->count; i++) {
        entry = load_of(&image->mapping[i], offset);
        write_at(image, &entry, sizeof(entry), row += sizeof(entry));
        if (image->mapping[i].readable) {
            write_memory(image, &image->mapping[i], offset);
        }
        offset += entry.p_filesz;
    }
    if (ftruncate(image->fd, (off_t)offset) != 0) {
        die("The core cannot be written: %s.", strerror(errno));
    }
}

void core_write(const char *path) {
    struct image *image = &the_image;
    image->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (image->fd < 0) {
        die("Cannot write %s: %s.", path, strerror(errno));
    }
    image->count = image->note_size = image->path_size = 0;
    read_mappings(image);
    note_auxv(image);
    note_files(image);
    write_image(image);
    close(image->fd);
}

/* Whoever runs this program is to write the core: the kernel, or an emulator. */
void core_abort(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_CORE, &limit);
    }
    abort();
}
