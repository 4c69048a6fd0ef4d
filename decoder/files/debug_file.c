/* debug_file.c - the debug information of an ELF file: in the file itself, or in a separate file
 * that is found by its build-id, by .gnu_debuglink or by .gnu_debugaltlink (dwz). */
#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "files/inside.h"

static bool has_dwarf(Elf *elf) {
    return jt_section(elf, ".debug_info") != NULL || jt_section(elf, ".zdebug_info") != NULL;
}

/* The CRC by which .gnu_debuglink tells its file. */
static uint32_t checksum(const struct jt_elf *elf) {
    size_t size = 0;
    const char *bytes = elf_rawfile(elf->elf, &size);
    return (uint32_t)crc32_z(0, (const Bytef *)bytes, size);
}

/* Opens the file if it has this build-id. Without a build-id (size 0) its checksum decides. */
static struct jt_elf *open_same(struct jt_elf *of, const struct jt_files *files, const char *file,
                                const struct jt_build_id *id, GElf_Word crc) {
    struct jt_build_id found;
    struct jt_elf *elf = jt_elf_open(files, file, &of->memory_ran_out);
    if (elf == NULL) {
        return NULL;
    }
    jt_elf_build_id(elf, &found);
    bool same = found.size == id->size && memcmp(found.bytes, id->bytes, id->size) == 0;
    if (same && (id->size != 0 || checksum(elf) == crc)) {
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

/* Opens the file that .gnu_debugaltlink names, by its path, which may be relative to the folder of
 * file, or else by its build-id. */
static void find_alt(struct jt_elf *elf, const struct jt_files *files, const char *root,
                     const char *file) {
    char path[PATH_MAX];
    struct jt_build_id id;
    const char *name = jt_elf_altlink(elf, &id);
    if (name == NULL || elf->alt != NULL) { /* a second call is for another name of the same file */
        return;
    }
    snprintf(path, sizeof path, "%s%.*s%s", root, name[0] == '/' ? 0 : folder_of(file), file, name);
    elf->alt = open_same(elf, files, path, &id, 0);
    if (elf->alt == NULL) {
        build_id_path(root, &id, path, sizeof path);
        elf->alt = open_same(elf, files, path, &id, 0);
    }
}

static bool try_debug(struct jt_elf *elf, const struct jt_files *files, const char *root,
                      const char *file, const struct jt_build_id *id, GElf_Word crc) {
    elf->debug = open_same(elf, files, file, id, crc);
    if (elf->debug != NULL) {
        find_alt(elf->debug, files, root, file + strlen(root)); /* file begins with root */
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
        if (n > 0 && (size_t)n < sizeof path && try_debug(elf, files, root, path, id, crc)) {
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
        if (try_debug(elf, files, root, path, id, 0)) {
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
