/* jemalloc_text.c - the addresses of jemalloc's functions: a thread that executes there is inside
 * jemalloc.
 *
 * All code of a library that brings a jemalloc counts. In a program jemalloc's functions are among
 * its own. They are told by the private prefix and by the names of the public calls; static ones by
 * the source file that the symbol table names before them. */
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "files/inside.h"

/* The files in src/ of all versions, and that of the C++ operators. */
static const char *const source[] = {"arena.c",       "background_thread.c",
                                     "base.c",        "bin.c",
                                     "bin_info.c",    "bitmap.c",
                                     "buf_writer.c",  "cache_bin.c",
                                     "ckh.c",         "conf.c",
                                     "counter.c",     "ctl.c",
                                     "decay.c",       "div.c",
                                     "ecache.c",      "edata.c",
                                     "edata_cache.c", "ehooks.c",
                                     "emap.c",        "eset.c",
                                     "exp_grow.c",    "extent.c",
                                     "extent_dss.c",  "extent_mmap.c",
                                     "fxp.c",         "hash.c",
                                     "hook.c",        "hooks.c",
                                     "hpa.c",         "hpa_central.c",
                                     "hpa_hooks.c",   "hpa_utils.c",
                                     "hpdata.c",      "inspect.c",
                                     "jemalloc.c",    "jemalloc_cpp.cpp",
                                     "large.c",       "malloc_io.c",
                                     "mutex.c",       "mutex_pool.c",
                                     "nstime.c",      "pa.c",
                                     "pa_extra.c",    "pac.c",
                                     "pages.c",       "peak_event.c",
                                     "prng.c",        "prof.c",
                                     "prof_data.c",   "prof_log.c",
                                     "prof_recent.c", "prof_stats.c",
                                     "prof_sys.c",    "psset.c",
                                     "rtree.c",       "safety_check.c",
                                     "san.c",         "san_bump.c",
                                     "sc.c",          "sec.c",
                                     "stats.c",       "sz.c",
                                     "tcache.c",      "thread_event.c",
                                     "ticker.c",      "tsd.c",
                                     "witness.c"};

static const char *const call[] = {"malloc",
                                   "calloc",
                                   "realloc",
                                   "free",
                                   "memalign",
                                   "aligned_alloc",
                                   "posix_memalign",
                                   "valloc",
                                   "mallocx",
                                   "rallocx",
                                   "xallocx",
                                   "sallocx",
                                   "dallocx",
                                   "sdallocx",
                                   "nallocx",
                                   "mallctl",
                                   "mallctlbymib",
                                   "mallctlnametomib",
                                   "malloc_usable_size",
                                   "malloc_stats_print"};

static bool is_one_of(const char *name, size_t len, const char *const *list, size_t count) {
    size_t i = 0;
    while (i < count && (strlen(list[i]) != len || memcmp(list[i], name, len) != 0)) {
        i++;
    }
    return i < count;
}

struct text {
    const struct jt_module *module;
    const char *prefix;
    struct jt_ranges *out;
    bool jemallocs; /* local symbols that follow are of a source file of jemalloc */
};

static bool is_prefixed(const struct text *t, const char *name) {
    size_t len = strlen(t->prefix);
    return len != 0 && strncmp(name, t->prefix, len) == 0;
}

static void take_symbol(struct text *t, const char *name, const GElf_Sym *sym) {
    unsigned type = GELF_ST_TYPE(sym->st_info);
    size_t len = strnlen(name, JT_SYMBOL_MAX);
    if (type == STT_FILE) {
        t->jemallocs = is_one_of(name, len, source, sizeof source / sizeof source[0]);
    } else if (type == STT_FUNC && sym->st_shndx != SHN_UNDEF &&
               (is_prefixed(t, name) ||
                (GELF_ST_BIND(sym->st_info) == STB_LOCAL
                     ? t->jemallocs
                     : is_one_of(name, len, call, sizeof call / sizeof call[0])))) {
        jt_ranges_add(t->out, sym->st_value + t->module->bias, sym->st_size);
    }
}

static void take_table(struct text *t, Elf *elf) {
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
        GElf_Shdr sh;
        struct jt_strings names;
        if (gelf_getshdr(scn, &sh) == NULL || sh.sh_type != SHT_SYMTAB || sh.sh_entsize == 0 ||
            !jt_strings_open(&names, elf, sh.sh_link)) {
            continue;
        }
        Elf_Data *data = elf_getdata(scn, NULL);
        size_t count = data == NULL ? 0 : data->d_size / sh.sh_entsize;
        for (size_t i = 0; i < count; i++) {
            GElf_Sym sym;
            if (gelf_getsym(data, (int)i, &sym) != NULL && sym.st_name < names.size) {
                take_symbol(t, names.at + sym.st_name, &sym);
            }
        }
    }
}

static void take_code(struct text *t, const struct jt_ranges *code) {
    for (size_t i = 0; i < t->module->ranges; i++) {
        const struct jt_range *m = &t->module->range[i];
        for (size_t k = 0; k < code->count; k++) {
            const struct jt_range *c = &code->range[k];
            uint64_t start = c->start > m->start ? c->start : m->start;
            uint64_t end = c->end < m->end ? c->end : m->end;
            if (start < end) {
                jt_ranges_add(t->out, start, end - start);
            }
        }
    }
}

/* What the file's headers load as code: a debugger leaves code out of its cores. */
static void take_headers(const struct jt_module *m, struct jt_ranges *out) {
    size_t count = 0;
    if (m->elf == NULL || elf_getphdrnum(m->elf->elf, &count) != 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr ph;
        if (gelf_getphdr(m->elf->elf, (int)i, &ph) != NULL && ph.p_type == PT_LOAD &&
            (ph.p_flags & PF_X) != 0) {
            jt_ranges_add(out, ph.p_vaddr + m->bias, ph.p_memsz);
        }
    }
}

void jt_code(struct jt_target *target, struct jt_ranges *out) {
    const struct jt_ranges *mapped = &target->priv->code;
    for (size_t i = 0; i < mapped->count; i++) {
        jt_ranges_add(out, mapped->range[i].start, mapped->range[i].end - mapped->range[i].start);
    }
    for (size_t i = 0; i < target->modules; i++) {
        take_headers(&target->module[i], out);
    }
    jt_ranges_merge(out);
    target->memory_ran_out |= out->lost;
}

bool jt_jemalloc_text(struct jt_target *target, const struct jt_ranges *code,
                      struct jt_ranges *out) {
    const struct jt_module *m = target->jemalloc;
    struct text t = {.module = m, .prefix = target->prefix, .out = out};
    if (m == NULL) {
        return false;
    }
    if (!m->main) {
        take_code(&t, code);
    } else if (m->elf != NULL) {
        take_table(&t, m->elf->elf);
        if (m->elf->debug != NULL) {
            take_table(&t, m->elf->debug->elf);
        }
    }
    jt_ranges_merge(out);
    target->memory_ran_out |= out->lost;
    return out->count != 0;
}
