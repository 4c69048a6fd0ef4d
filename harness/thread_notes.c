/* thread_notes.c - qemu's cores of some machines lack the note that has the thread pointer. The
 * witness has written it down; all notes are written once more behind the core, with those between
 * them. Only for machines whose words are those of this one. */
#include "thread_notes.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID = 32, POINTER = 8 }; /* pr_pid in struct elf_prstatus; bytes of a pointer */

struct notes {
    unsigned char *old, *all;
    size_t old_size, size, added;
};

static uint64_t pointer_of(const struct truth *truth, uint64_t thread) {
    const struct truth_list *list = &truth->list[TRUTH_CACHE];
    for (size_t i = 0; i < list->count; i++) {
        if (truth_get(TRUTH_CACHE, &list->record[i], KEY_THREAD) == thread) {
            return truth_get(TRUTH_CACHE, &list->record[i], KEY_POINTER);
        }
    }
    return 0;
}

static void put(struct notes *n, const void *bytes, size_t size) {
    memcpy(n->all + n->size, bytes, size);
    n->size += size;
}

static void put_pointer(struct notes *n, uint32_t type, uint64_t pointer) {
    const Elf64_Nhdr header = {.n_namesz = 6, .n_descsz = POINTER, .n_type = type};
    put(n, &header, sizeof(header));
    put(n, "LINUX\0\0", 8);
    put(n, &pointer, POINTER);
    n->added++;
}

/* Copies the notes; behind the registers of a thread comes its pointer. */
static void fill(struct notes *n, const struct truth *truth, uint32_t type) {
    Elf64_Nhdr header;
    for (size_t at = 0; n->old_size - at >= sizeof(header);) {
        memcpy(&header, n->old + at, sizeof(header));
        size_t name = sizeof(header) + (((size_t)header.n_namesz + 3) & ~(size_t)3);
        size_t size = name + (((size_t)header.n_descsz + 3) & ~(size_t)3);
        if (size > n->old_size - at) {
            return;
        }
        put(n, n->old + at, size);
        if (header.n_type == NT_PRSTATUS && header.n_descsz >= ID + 4) {
            uint32_t id;
            memcpy(&id, n->old + at + name + ID, sizeof(id));
            uint64_t pointer = pointer_of(truth, id);
            if (pointer != 0) {
                put_pointer(n, type, pointer);
            }
        }
        at += size;
    }
}

/* The program header of the notes, and where it stands. */
static bool find_notes(FILE *file, Elf64_Phdr *out, long *at) {
    Elf64_Ehdr header;
    if (fread(&header, sizeof(header), 1, file) != 1 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_ident[EI_DATA] != ELFDATA2LSB) {
        return false;
    }
    for (unsigned i = 0; i < header.e_phnum; i++) {
        *at = (long)header.e_phoff + (long)i * (long)sizeof(*out);
        if (fseek(file, *at, SEEK_SET) != 0 || fread(out, sizeof(*out), 1, file) != 1) {
            return false;
        }
        if (out->p_type == PT_NOTE) {
            return true;
        }
    }
    return false;
}

static bool add(FILE *file, const struct truth *truth, uint32_t type) {
    Elf64_Phdr ph;
    long at;
    if (!find_notes(file, &ph, &at)) {
        return false;
    }
    struct notes n = {.old = malloc(ph.p_filesz + 1), .old_size = ph.p_filesz};
    n.all = malloc(4 * ph.p_filesz + 1); /* registers are longer than what is added */
    bool done = n.old && n.all && fseek(file, (long)ph.p_offset, SEEK_SET) == 0 &&
                fread(n.old, 1, n.old_size, file) == n.old_size;
    if (done) {
        fill(&n, truth, type);
    }
    done = done && n.added != 0 && fseek(file, 0, SEEK_END) == 0;
    ph.p_offset = (Elf64_Off)ftell(file);
    ph.p_filesz = n.size;
    done = done && fwrite(n.all, 1, n.size, file) == n.size && fseek(file, at, SEEK_SET) == 0 &&
           fwrite(&ph, sizeof(ph), 1, file) == 1;
    free(n.old);
    free(n.all);
    return done;
}

bool thread_notes_add(const char *core, const struct truth *truth, uint32_t type, char *error,
                      size_t error_size) {
    FILE *file = fopen(core, "r+b");
    bool done = file != NULL && add(file, truth, type);
    if (file != NULL && fclose(file) != 0) {
        done = false;
    }
    if (!done) {
        snprintf(error, error_size, "no thread pointers could be added to the core %s", core);
    }
    return done;
}
