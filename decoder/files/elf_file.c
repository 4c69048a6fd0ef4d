/* elf_file.c - one ELF file, with the separate debug file that may belong to it. */
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "files/inside.h"

/* Zeroes to read into, and zeroes behind: strings that do not end do so there. Private, because
 * libelf writes into what it was given when it unpacks sections. */
static uint8_t *room(size_t size, size_t *out) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (size == 0 || size > SIZE_MAX / 2) {
        return NULL;
    }
    *out = (size + page - 1) / page * page + page;
    void *bytes = mmap(NULL, *out, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return bytes == MAP_FAILED ? NULL : bytes;
}

/* Takes over the mapping. NULL when it is no ELF file. */
static struct jt_elf *open_elf(uint8_t *bytes, size_t size, size_t mapped) {
    Elf *elf = bytes == NULL ? NULL : elf_memory((char *)bytes, size);
    struct jt_elf *made = NULL;
    if (elf != NULL && elf_kind(elf) == ELF_K_ELF) {
        made = calloc(1, sizeof *made);
    }
    if (made != NULL) {
        *made = (struct jt_elf){.bytes = bytes, .mapped = mapped, .elf = elf};
        return made;
    }
    elf_end(elf);
    if (bytes != NULL) {
        munmap(bytes, mapped);
    }
    return NULL;
}

struct jt_elf *jt_elf_of(int fd) {
    struct stat st;
    uint8_t *bytes = NULL;
    size_t mapped = 0;
    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &st) == 0) {
        bytes = room((size_t)st.st_size, &mapped);
    }
    if (bytes != NULL && mmap(bytes, (size_t)st.st_size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED) {
        munmap(bytes, mapped);
        bytes = NULL;
    }
    close(fd);
    struct jt_elf *elf = bytes == NULL ? NULL : open_elf(bytes, (size_t)st.st_size, mapped);
    if (elf != NULL) {
        elf->id.device = st.st_dev;
        elf->id.inode = st.st_ino;
    }
    return elf;
}

static struct jt_elf *open_here(void *arg, const char *file) {
    (void)arg;
    struct stat st;
    /* A core names what it likes, and devices heed being opened: a watchdog starts to count. */
    if (stat(file, &st) != 0 || !S_ISREG(st.st_mode)) {
        return NULL;
    }
    return jt_elf_of(
        open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)); /* should it be a FIFO by now */
}

const struct jt_files jt_files_here = {open_here, NULL};

struct jt_elf *jt_elf_bytes(const void *bytes, size_t size) {
    size_t mapped = 0;
    uint8_t *copy = room(size, &mapped);
    if (copy != NULL) {
        memcpy(copy, bytes, size);
    }
    return open_elf(copy, size, mapped);
}

void jt_elf_close(struct jt_elf *elf) {
    if (elf == NULL) {
        return;
    }
    if (elf->dwarf != NULL) {
        dwarf_end(elf->dwarf);
    }
    jt_elf_close(elf->alt);
    jt_elf_close(elf->debug);
    free(elf->symbols);
    elf_end(elf->elf);
    munmap(elf->bytes, elf->mapped);
    free(elf);
}

/* Headers that name the same notes again and again would all be read. */
static bool notes_are_sound(const struct jt_elf *elf) {
    size_t count = 0;
    uint64_t left = elf->mapped, left_too = elf->mapped;
    if (elf_getphdrnum(elf->elf, &count) != 0) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr ph;
        if (gelf_getphdr(elf->elf, (int)i, &ph) == NULL || ph.p_type != PT_NOTE) {
            continue;
        }
        if (ph.p_filesz > left) {
            return false;
        }
        left -= ph.p_filesz;
    }
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf->elf, scn)) != NULL;) {
        GElf_Shdr sh;
        if (gelf_getshdr(scn, &sh) == NULL || sh.sh_type != SHT_NOTE) {
            continue;
        }
        if (sh.sh_size > left_too) {
            return false;
        }
        left_too -= sh.sh_size;
    }
    return true;
}

void jt_elf_build_id(const struct jt_elf *elf, struct jt_build_id *out) {
    const void *bytes;
    ssize_t size = notes_are_sound(elf) ? dwelf_elf_gnu_build_id(elf->elf, &bytes) : 0;
    out->size = 0;
    if (size <= 0 || size > JT_BUILD_ID_MAX) {
        return;
    }
    out->size = (size_t)size;
    memcpy(out->bytes, bytes, out->size);
}

bool jt_strings_open(struct jt_strings *strings, Elf *elf, size_t section) {
    const Elf_Data *data = elf_getdata(elf_getscn(elf, section), NULL);
    bool sound = data != NULL && data->d_buf != NULL && data->d_size != 0 &&
                 ((const char *)data->d_buf)[data->d_size - 1] == 0;
    *strings =
        sound ? (struct jt_strings){data->d_buf, data->d_size} : (struct jt_strings){NULL, 0};
    return sound;
}

Elf_Scn *jt_section(Elf *elf, const char *name) {
    size_t index;
    struct jt_strings names;
    Elf_Scn *scn = NULL;
    if (elf_getshdrstrndx(elf, &index) != 0 || !jt_strings_open(&names, elf, index)) {
        return NULL;
    }
    while ((scn = elf_nextscn(elf, scn)) != NULL) {
        GElf_Shdr sh;
        if (gelf_getshdr(scn, &sh) != NULL && sh.sh_name < names.size &&
            strcmp(names.at + sh.sh_name, name) == 0) {
            return scn;
        }
    }
    return NULL;
}

static bool has_dwarf(Elf *elf) {
    return jt_section(elf, ".debug_info") != NULL || jt_section(elf, ".zdebug_info") != NULL;
}

/* That a debug link has of its file. */
static uint32_t checksum(const struct jt_elf *elf) {
    size_t size = 0;
    const char *bytes = elf_rawfile(elf->elf, &size);
    return (uint32_t)crc32_z(0, (const Bytef *)bytes, size);
}

struct jt_elf *jt_elf_open(const struct jt_files *files, const char *file, bool *memory_ran_out) {
    errno = 0;
    struct jt_elf *elf = files->open(files->arg, file);
    *memory_ran_out |= errno == ENOMEM;
    return elf;
}

/* The file counts only when its build-id is the one we look for, or, where there is none, its
 * checksum, which may then not be NULL. */
static struct jt_elf *open_same(struct jt_elf *of, const struct jt_files *files, const char *file,
                                const struct jt_build_id *id, const GElf_Word *crc) {
    struct jt_build_id found;
    struct jt_elf *elf = jt_elf_open(files, file, &of->memory_ran_out);
    if (elf == NULL) {
        return NULL;
    }
    jt_elf_build_id(elf, &found);
    bool same = found.size == id->size && memcmp(found.bytes, id->bytes, id->size) == 0;
    if (same && (id->size != 0 || checksum(elf) == *crc)) {
        return elf;
    }
    jt_elf_close(elf);
    return NULL;
}

static void build_id_path(const char *root, const struct jt_build_id *id, char *path, size_t size) {
    char hex[2 * JT_BUILD_ID_MAX + 1];
    jt_build_id_text(id, hex);
    snprintf(path, size, "%s/usr/lib/debug/.build-id/%.2s/%s.debug", root, hex, hex + 2);
}

static int folder_of(const char *file) {
    const char *slash = strrchr(file, '/');
    return slash == NULL ? 0 : (int)(slash - file) + 1;
}

const char *jt_elf_altlink(const struct jt_elf *elf, struct jt_build_id *id) {
    const Elf_Data *data = elf_getdata(jt_section(elf->elf, ".gnu_debugaltlink"), NULL);
    const char *name = data == NULL ? NULL : data->d_buf;
    const char *end = name == NULL ? NULL : memchr(name, 0, data->d_size);
    size_t rest = end == NULL ? 0 : data->d_size - (size_t)(end - name) - 1;
    if (rest == 0 || rest > JT_BUILD_ID_MAX) {
        return NULL;
    }
    id->size = rest;
    memcpy(id->bytes, end + 1, rest);
    return name;
}

/* Named as seen from the file's folder, or by its build-id. */
static void find_alt(struct jt_elf *elf, const struct jt_files *files, const char *root,
                     const char *file) {
    char path[PATH_MAX];
    struct jt_build_id id;
    const char *name = jt_elf_altlink(elf, &id);
    if (name == NULL || elf->alt != NULL) { /* it is asked again for another name of the file */
        return;
    }
    snprintf(path, sizeof path, "%s%.*s%s", root, name[0] == '/' ? 0 : folder_of(file), file, name);
    elf->alt = open_same(elf, files, path, &id, NULL);
    if (elf->alt == NULL) {
        build_id_path(root, &id, path, sizeof path);
        elf->alt = open_same(elf, files, path, &id, NULL);
    }
}

static bool try_debug(struct jt_elf *elf, const struct jt_files *files, const char *root,
                      const char *file, const struct jt_build_id *id, const GElf_Word *crc) {
    elf->debug = open_same(elf, files, file, id, crc);
    if (elf->debug != NULL) {
        find_alt(elf->debug, files, root, file + strlen(root)); /* which it begins with */
        elf->memory_ran_out |= elf->debug->memory_ran_out;
    }
    return elf->debug != NULL;
}

static void try_debuglink(struct jt_elf *elf, const struct jt_files *files, const char *root,
                          const char *file, const struct jt_build_id *id) {
    static const char *const place[][2] = {{"", ""}, {"", ".debug/"}, {"/usr/lib/debug", ""}};
    GElf_Word crc;
    const char *link = dwelf_elf_gnu_debuglink(elf->elf, &crc);
    int folder = folder_of(file);
    if (link == NULL || strchr(link, '/') != NULL) {
        return;
    }
    for (size_t i = 0; i < sizeof place / sizeof place[0]; i++) {
        char path[PATH_MAX];
        int n = snprintf(path, sizeof path, "%s%s%.*s%s%s", root, place[i][0], folder, file,
                         place[i][1], link);
        if (n > 0 && (size_t)n < sizeof path && try_debug(elf, files, root, path, id, &crc)) {
            return;
        }
    }
}

void jt_elf_find_debug(struct jt_elf *elf, const struct jt_files *files, const char *root,
                       const char *file, const struct jt_build_id *id) {
    char path[PATH_MAX];
    find_alt(elf, files, root, file);
    if (jt_section(elf->elf, ".symtab") != NULL && has_dwarf(elf->elf)) {
        return;
    }
    if (id->size > 1) {
        build_id_path(root, id, path, sizeof path);
        if (try_debug(elf, files, root, path, id, NULL)) {
            return;
        }
    }
    try_debuglink(elf, files, root, file, id);
}

bool jt_elf_has_debug_info(const struct jt_elf *elf) {
    return has_dwarf(elf->elf) || elf->debug != NULL;
}

Dwarf *jt_elf_dwarf(struct jt_elf *elf) {
    if (elf->dwarf_tried) {
        return elf->dwarf;
    }
    const struct jt_elf *with = jt_elf_with_dwarf(elf);
    elf->dwarf_tried = true;
    elf->dwarf = dwarf_begin_elf(with->elf, DWARF_C_READ, NULL);
    if (elf->dwarf != NULL && with->alt != NULL) {
        dwarf_setalt(elf->dwarf, jt_elf_dwarf(with->alt));
    }
    return elf->dwarf;
}

struct jt_elf *jt_elf_with_dwarf(struct jt_elf *elf) {
    return elf->debug != NULL && !has_dwarf(elf->elf) ? elf->debug : elf;
}

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2 /* elf.h has it since glibc 2.37 */
#endif

bool jt_elf_has_zstd(const struct jt_elf *elf) {
    static const char *const name[] = {".debug_info", ".debug_abbrev", ".debug_str",
                                       ".debug_macro"};
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        Elf_Scn *section = jt_section(elf->elf, name[i]);
        GElf_Chdr header;
        if (section != NULL && gelf_getchdr(section, &header) != NULL &&
            header.ch_type == ELFCOMPRESS_ZSTD) {
            return true;
        }
    }
    return false;
}
