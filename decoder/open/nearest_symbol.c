/* nearest_symbol.c - finds the section and the nearest symbol of an address in a module. */
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "open/inside.h"

struct symbol {
    uint64_t value, size;
    const char *name;
};

/* The symbols of a file that have addresses, sorted. Read at the first lookup in the file. */
struct jt_symbols {
    size_t count;
    struct symbol symbol[];
};

/* ---- the table ------------------------------------------------------------------------------ */

static Elf_Scn *table_of(Elf *elf, GElf_Word type, GElf_Shdr *sh) {
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
        if (gelf_getshdr(scn, sh) != NULL && sh->sh_type == type) {
            return scn;
        }
    }
    return NULL;
}

/* The file's own symbol table, that of its debug information file, or its exported symbols. */
static Elf_Scn *symbol_table(const struct jt_elf *elf, Elf **of, GElf_Shdr *sh) {
    *of = elf->elf;
    Elf_Scn *scn = table_of(elf->elf, SHT_SYMTAB, sh);
    if (scn == NULL && elf->debug != NULL) {
        *of = elf->debug->elf;
        scn = table_of(elf->debug->elf, SHT_SYMTAB, sh);
    }
    if (scn == NULL) {
        *of = elf->elf;
        scn = table_of(elf->elf, SHT_DYNSYM, sh);
    }
    return scn;
}

/* Of two symbols for one address the one with a size is taken. Very many symbols may share a long
 * name, so only its first bytes are compared. */
static int compare(const void *a, const void *b) {
    const struct symbol *x = a, *y = b;
    if (x->value != y->value) {
        return x->value < y->value ? -1 : 1;
    }
    int order = (x->size > y->size) - (x->size < y->size);
    return order != 0 ? order : strncmp(x->name, y->name, JT_SYMBOL_MAX);
}

static bool has_address(const GElf_Sym *sym) {
    unsigned type = GELF_ST_TYPE(sym->st_info);
    return sym->st_shndx != SHN_UNDEF &&
           (type == STT_OBJECT || type == STT_FUNC || type == STT_GNU_IFUNC);
}

static struct jt_symbols *read_symbols(const struct jt_elf *elf) {
    Elf *of;
    GElf_Shdr sh;
    Elf_Scn *scn = symbol_table(elf, &of, &sh);
    Elf_Data *data = scn == NULL ? NULL : elf_getdata(scn, NULL);
    struct jt_strings names = {NULL, 0};
    size_t count = data == NULL || sh.sh_entsize == 0 ? 0 : data->d_size / sh.sh_entsize;
    if (scn == NULL || !jt_strings_open(&names, of, sh.sh_link)) {
        count = 0;
    }
    struct jt_symbols *all = malloc(sizeof *all + count * sizeof all->symbol[0]);
    if (all == NULL) {
        return NULL;
    }
    all->count = 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Sym sym;
        if (gelf_getsym(data, (int)i, &sym) != NULL && has_address(&sym) &&
            sym.st_name < names.size) {
            all->symbol[all->count++] =
                (struct symbol){sym.st_value, sym.st_size, names.at + sym.st_name};
        }
    }
    qsort(all->symbol, all->count, sizeof all->symbol[0], compare);
    return all;
}

/* The last symbol that begins at or below the address. */
static const struct symbol *last_before(const struct jt_symbols *all, uint64_t vaddr) {
    size_t low = 0, high = all->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all->symbol[middle].value <= vaddr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? NULL : &all->symbol[low - 1];
}

/* ---- the file ------------------------------------------------------------------------------- */

static bool is_loaded(Elf *elf, uint64_t vaddr) {
    size_t count = 0;
    (void)elf_getphdrnum(elf, &count);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr ph;
        if (gelf_getphdr(elf, (int)i, &ph) != NULL && ph.p_type == PT_LOAD &&
            vaddr - ph.p_vaddr < ph.p_memsz) {
            return true;
        }
    }
    return false;
}

/* Returns where the section begins; out->section stays "" when the file does not say. */
static uint64_t find_section(Elf *elf, uint64_t vaddr, struct jt_place *out) {
    size_t index;
    struct jt_strings names;
    if (elf_getshdrstrndx(elf, &index) != 0 || !jt_strings_open(&names, elf, index)) {
        return 0;
    }
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
        GElf_Shdr sh;
        bool here = gelf_getshdr(scn, &sh) != NULL && (sh.sh_flags & SHF_ALLOC) != 0 &&
                    (sh.sh_flags & SHF_TLS) == 0 && vaddr - sh.sh_addr < sh.sh_size;
        if (here && sh.sh_name < names.size) {
            snprintf(out->section, sizeof out->section, "%s", names.at + sh.sh_name);
            return sh.sh_addr;
        }
    }
    return 0;
}

bool jt_nearest(struct jt_target *target, const struct jt_module *module, uint64_t addr,
                struct jt_place *out) {
    struct jt_elf *elf = module->elf;
    uint64_t vaddr = addr - module->bias;
    errno = 0;
    if (!is_loaded(elf->elf, vaddr)) {
        return false;
    }
    uint64_t start = find_section(elf->elf, vaddr, out);
    if (elf->symbols == NULL) {
        elf->symbols = read_symbols(elf);
    }
    jt_note_memory(target);
    const struct symbol *s = elf->symbols == NULL ? NULL : last_before(elf->symbols, vaddr);
    if (s != NULL && s->value >= start) {
        snprintf(out->symbol, sizeof out->symbol, "%s", s->name);
        out->symbol_offset = vaddr - s->value;
    }
    return true;
}
