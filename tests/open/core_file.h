/* ELF cores made by hand: either class, either byte order. */
#ifndef TESTS_CORE_FILE_H
#define TESTS_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CORE_LOADS 160

struct core_file {
    uint16_t machine; /* EM_... */
    uint8_t words;    /* 4 or 8 */
    bool little_endian;
    uint8_t system; /* ELFOSABI_... */
    struct core_load {
        uint64_t addr, memsz;
        const void *bytes;
        size_t len;
        uint64_t promised; /* p_filesz; 0: len */
        uint32_t flags;    /* PF_X */
    } load[CORE_LOADS];
    size_t loads;
    uint8_t note[1 << 17];
    size_t note_len;
    size_t note_cut;        /* of these the headers leave out so many */
    unsigned note_segments; /* how many headers name the notes; 1 unless told otherwise */
};

void core_start(struct core_file *core, uint16_t machine, uint8_t words, bool little_endian);
void core_load(struct core_file *core, uint64_t addr, const void *bytes, size_t len);
/* The number in the core's byte order. */
void core_put(const struct core_file *core, uint8_t *at, uint64_t value, unsigned size);
void core_note(struct core_file *core, uint32_t type, const void *desc, size_t len);

/* Mappings of one file, as the kernel notes them for 64 bits: start, end, page of the file. */
void core_note_pieces(struct core_file *core, const uint64_t (*piece)[3], size_t count,
                      const char *name);
/* A file that is mapped there from its start. */
void core_note_file(struct core_file *core, uint64_t start, uint64_t end, const char *name);
/* Of another owner than CORE. */
void core_note_of(struct core_file *core, const char *owner, uint32_t type, const void *desc,
                  size_t len);
void core_save(const struct core_file *core, const char *path);

#endif
