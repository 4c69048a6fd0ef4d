/* symbols.c - finds jemalloc's variables by their symbols.
 *
 * Every build chooses a private prefix for them (je_, _rjem_je_, Xje_, none). So the root is found
 * by the end of its name, which tells the prefix, and the other variables by prefix and name.
 * Static variables have no prefix. */
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "files/inside.h"

/* rtree_t is an array of at least 2^8 pointers. */
#define ROOT_SIZE_MIN (4u << 8)
#define ROOT_SIZE_MAX (8u << 20)

/* A function that is called for every data symbol. */
typedef void symbol_fn(void *arg, const char *name, uint64_t value, uint64_t size);

static void each_in_section(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, symbol_fn *fn, void *arg) {
    Elf_Data *data = elf_getdata(scn, NULL);
    struct jt_strings names;
    size_t count = data == NULL || sh->sh_entsize == 0 ? 0 : data->d_size / sh->sh_entsize;
    if (!jt_strings_open(&names, elf, sh->sh_link)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        GElf_Sym sym;
        if (gelf_getsym(data, (int)i, &sym) == NULL || GELF_ST_TYPE(sym.st_info) != STT_OBJECT ||
            sym.st_shndx == SHN_UNDEF || sym.st_name >= names.size) {
            continue;
        }
        fn(arg, names.at + sym.st_name, sym.st_value, sym.st_size);
    }
}

/* False when the file has no table of that kind. */
static bool each_in_elf(Elf *elf, GElf_Word type, symbol_fn *fn, void *arg) {
    bool found = false;
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
        GElf_Shdr sh;
        if (gelf_getshdr(scn, &sh) == NULL || sh.sh_type != type) {
            continue;
        }
        found = true;
        each_in_section(elf, scn, &sh, fn, arg);
    }
    return found;
}

static void each_symbol(const struct jt_module *module, symbol_fn *fn, void *arg) {
    if (module->elf == NULL || each_in_elf(module->elf->elf, SHT_SYMTAB, fn, arg) ||
        (module->elf->debug != NULL && each_in_elf(module->elf->debug->elf, SHT_SYMTAB, fn, arg))) {
        return;
    }
    (void)each_in_elf(module->elf->elf, SHT_DYNSYM, fn, arg);
}

/* The length of a name without suffixes such as ".lto_priv.0" of link-time optimisation. Names that
 * are looked for are shorter than JT_SYMBOL_MAX, so no more bytes are read. */
static size_t plain_length(const char *name) {
    const char *dot = memchr(name, '.', strnlen(name, JT_SYMBOL_MAX));
    return dot != NULL ? (size_t)(dot - name) : strnlen(name, JT_SYMBOL_MAX);
}

static bool ends_in(const char *name, size_t len, const char *end, size_t *prefix) {
    size_t n = strlen(end);
    if (len < n || memcmp(name + len - n, end, n) != 0) {
        return false;
    }
    *prefix = len - n;
    return true;
}

bool jt_root_name_is(const char *name, size_t *prefix, bool *emap) {
    size_t len = plain_length(name);
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        const struct jh_family *f = jh_family((enum jh_version)v);
        if (ends_in(name, len, f->root_symbol, prefix)) {
            *emap = f->emap;
            return true;
        }
    }
    return false;
}

struct roots {
    const struct jt_module *module;
    struct jt_root_symbol *out;
    size_t count;
};

static void take_root(void *arg, const char *name, uint64_t value, uint64_t size) {
    struct roots *roots = arg;
    size_t prefix;
    bool emap;
    struct jt_root_symbol *root = &roots->out[roots->count];
    if (roots->count == JT_ROOTS_MAX || size < ROOT_SIZE_MIN || size > ROOT_SIZE_MAX ||
        !jt_root_name_is(name, &prefix, &emap) || prefix >= sizeof root->prefix ||
        strnlen(name, JT_SYMBOL_MAX) == JT_SYMBOL_MAX) {
        return;
    }
    *root = (struct jt_root_symbol){.module = roots->module, .emap = emap, .size = size};
    memcpy(root->prefix, name, prefix);
    memcpy(root->name, name, strlen(name) + 1);
    root->addr = value + roots->module->bias;
    roots->count++;
}

size_t jt_roots_find(struct jt_target *target, struct jt_root_symbol out[JT_ROOTS_MAX]) {
    struct roots roots = {NULL, out, 0};
    for (size_t i = 0; i < target->modules; i++) {
        roots.module = &target->module[i];
        each_symbol(roots.module, take_root, &roots);
    }
    return roots.count;
}

uint64_t jt_root_array(const struct jt_target *target, const struct jt_root_symbol *root) {
    uint64_t word = target->priv->words;
    return root->addr + root->size - (word << jh_lg_floor(root->size / word));
}

bool jt_root_in_use(struct jt_target *target, const struct jt_root_symbol *root) {
    uint64_t end = root->addr + root->size;
    for (uint64_t at = jt_root_array(target, root); at < end;) {
        uint8_t byte[4096];
        size_t len = end - at < sizeof byte ? (size_t)(end - at) : sizeof byte;
        if (jh_read(&target->heap.reader, at, byte, len, NULL) != JH_OK) {
            return false;
        }
        if (!jt_all_zero(byte, len)) {
            return true;
        }
        at += len;
    }
    return false;
}

struct wanted {
    const char *prefix, *name;
    uint64_t value, size;
    unsigned prefixed, plain; /* symbols found with the prefix, and without */
};

static void take_wanted(void *arg, const char *name, uint64_t value, uint64_t size) {
    struct wanted *w = arg;
    size_t len = plain_length(name), prefix = strlen(w->prefix), n = strlen(w->name);
    bool prefixed = len == prefix + n && memcmp(name, w->prefix, prefix) == 0 &&
                    memcmp(name + prefix, w->name, n) == 0;
    bool plain = len == n && memcmp(name, w->name, n) == 0;
    if (!prefixed && (!plain || w->prefixed != 0)) {
        return;
    }
    if (prefixed) {
        w->prefixed++;
    } else {
        w->plain++;
    }
    w->value = value;
    w->size = size;
}

/* The variable of a skeleton: a skeleton has no ELF files, but a list of variables. */
static bool find_variable(const struct jt_private *p, const char *name, uint64_t *addr,
                          uint64_t *size) {
    for (size_t i = 0; i < p->source->variables; i++) {
        if (strcmp(p->source->variable[i].name, name) == 0) {
            *addr = p->source->variable[i].addr;
            *size = p->source->variable[i].size;
            return true;
        }
    }
    return false;
}

bool jt_symbol(struct jt_target *target, const char *name, uint64_t *addr, uint64_t *size) {
    struct wanted w = {target->prefix, name, 0, 0, 0, 0};
    if (jt_is_skeleton(target)) {
        return find_variable(target->priv, name, addr, size);
    }
    if (target->jemalloc == NULL || target->root_name[0] == 0) {
        return false;
    }
    each_symbol(target->jemalloc, take_wanted, &w);
    if (w.prefixed != 1 && (w.prefixed != 0 || w.plain != 1)) {
        return false; /* several static variables have this name: it is not known which is meant */
    }
    *addr = w.value + target->jemalloc->bias;
    *size = w.size;
    return true;
}
