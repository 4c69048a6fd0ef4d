/* elf_file.c - one ELF file: it is opened, and its build-id, sections and strings are read. */
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/inside.h"

/* Maps zeroes for size bytes of a file and at least a page more, so that a string at the end of
 * the file ends in a 0. The mapping is private: libelf writes to it when it unpacks sections. */
static uint8_t *map_zeroes(size_t size, size_t *out) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (size == 0 || size > SIZE_MAX / 2) {
        return NULL;
    }
    *out = (size + page - 1) / page * page + page;
    void *bytes = mmap(NULL, *out, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return bytes == MAP_FAILED ? NULL : bytes;
}

/* The ELF file in the mapping, which it takes over. NULL: it is no ELF file. */
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
        bytes = map_zeroes((size_t)st.st_size, &mapped);
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
    /* Only regular files: a core may name any path, and opening a device may have effects (opening
     * a watchdog starts it). O_NONBLOCK, should the file have become a FIFO since stat(). */
    if (stat(file, &st) != 0 || !S_ISREG(st.st_mode)) {
        return NULL;
    }
    return jt_elf_of(open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

const struct jt_files jt_files_here = {open_here, NULL};

struct jt_elf *jt_elf_bytes(const void *bytes, size_t size) {
    size_t mapped = 0;
    uint8_t *copy = map_zeroes(size, &mapped);
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

/* Have all notes together no more bytes than the file? Headers may name the same notes many times,
 * and libelf would read them each time. */
static bool notes_are_sound(const struct jt_elf *elf) {
    size_t count = 0;
    uint64_t left = elf->mapped, left_of_sections = elf->mapped;
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
        if (sh.sh_size > left_of_sections) {
            return false;
        }
        left_of_sections -= sh.sh_size;
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

struct jt_elf *jt_elf_open(const struct jt_files *files, const char *file, bool *memory_ran_out) {
    errno = 0;
    struct jt_elf *elf = files->open(files->arg, file);
    *memory_ran_out |= errno == ENOMEM;
    return elf;
}
