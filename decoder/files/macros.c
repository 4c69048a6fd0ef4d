/* macros.c - the preprocessor macros of one compilation unit (.debug_macro, from -g3).
 *
 * They tell LG_PAGE and all bit fields of the build. Units share the macros of a header by
 * importing them; libdw does not follow imports, so this file does. */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "image/memory_file.h"
#include "files/inside.h"

#define IMPORTS_MAX 10000     /* of a unit; a unit of jemalloc has some hundred */
#define MACROS_MAX (1u << 20) /* definitions, repeated ones too; a unit of jemalloc has 5433 */

struct entry {
    const char *text; /* "NAME value" or "NAME(x) value"; NULL: the entry is free */
    size_t len;       /* bytes of the name */
    bool defined;
};

struct jt_macros {
    struct entry *entry; /* a hash table with open addressing */
    size_t capacity;     /* entries of the table: a power of two */
    size_t used, defined;
    char *texts; /* memory of all texts after jt_macros_unpack(), else NULL */
    Dwarf *dwarf;
    const Elf_Data *section; /* .debug_macro */
    unsigned imports, depth, seen;
    bool failed;
};

static size_t hash(const char *name, size_t len) {
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < len; i++) {
        h = (h ^ (unsigned char)name[i]) * 1099511628211u;
    }
    return (size_t)(h ^ h >> 29);
}

static struct entry *slot(const struct jt_macros *m, const char *name, size_t len) {
    for (size_t i = hash(name, len);; i++) {
        struct entry *e = &m->entry[i & (m->capacity - 1)];
        if (e->text == NULL || (e->len == len && memcmp(e->text, name, len) == 0)) {
            return e;
        }
    }
}

static bool grow_table(struct jt_macros *m) {
    struct jt_macros bigger = *m;
    bigger.capacity = m->capacity == 0 ? 4096 : 2 * m->capacity;
    bigger.entry = calloc(bigger.capacity, sizeof *bigger.entry);
    if (bigger.entry == NULL) {
        return false;
    }
    for (size_t i = 0; i < m->capacity; i++) {
        if (m->entry[i].text != NULL) {
            *slot(&bigger, m->entry[i].text, m->entry[i].len) = m->entry[i];
        }
    }
    free(m->entry);
    *m = bigger;
    return true;
}

static void set_macro(struct jt_macros *m, const char *text, bool defined) {
    if (2 * m->used >= m->capacity && !grow_table(m)) {
        m->failed = true;
        return;
    }
    size_t len = strcspn(text, " (");
    struct entry *e = slot(m, text, len);
    if (e->text == NULL) {
        m->used++;
    }
    m->defined += (size_t)defined - (size_t)(e->text != NULL && e->defined);
    *e = (struct entry){text, len, defined};
}

static int take_macro(Dwarf_Macro *macro, void *arg);

/* Is the header of a unit of macros one that libdw reads safely? libdw does not stop when nothing
 * follows the header, and writes before the start of an array when the header has a table of
 * operands (flag 4, which no compiler writes). */
static bool unit_is_sound(const struct jt_macros *m, uint64_t offset) {
    const Elf_Data *data = m->section;
    const uint8_t *unit = data == NULL || data->d_buf == NULL || offset >= data->d_size
                              ? NULL
                              : (const uint8_t *)data->d_buf + offset;
    size_t left = unit == NULL ? 0 : data->d_size - offset;
    return left > 3 && (unit[2] & 4) == 0 && left > 3 + ((unit[2] & 2) == 0 ? 0u : 8u);
}

static void take_import(struct jt_macros *m, Dwarf_Macro *macro);

static const Elf_Data *section_of(Dwarf *dwarf) {
    Elf_Scn *section = jt_section(dwarf_getelf(dwarf), ".debug_macro");
    if (section == NULL) {
        section = jt_section(dwarf_getelf(dwarf), ".zdebug_macro");
    }
    return elf_getdata(section, NULL); /* libdw has decompressed it */
}

/* Imports macros from the file with debug information that several files share (dwz). */
static void take_import_alt(struct jt_macros *m, Dwarf_Macro *macro) {
    Dwarf *own = m->dwarf, *alt = dwarf_getalt(own);
    const Elf_Data *section = m->section;
    if (alt != NULL) {
        m->dwarf = alt;
        m->section = section_of(alt);
        take_import(m, macro);
        m->dwarf = own;
        m->section = section;
    }
}

static void take_import(struct jt_macros *m, Dwarf_Macro *macro) {
    Dwarf_Attribute attr;
    Dwarf_Word offset;
    if (m->depth > 32 || m->imports >= IMPORTS_MAX || dwarf_macro_param(macro, 0, &attr) != 0 ||
        dwarf_formudata(&attr, &offset) != 0 || !unit_is_sound(m, offset)) {
        return;
    }
    m->imports++;
    m->depth++;
    if (dwarf_getmacros_off(m->dwarf, offset, take_macro, m, DWARF_GETMACROS_START) < 0) {
        m->failed = true;
    }
    m->depth--;
}

static bool defines(unsigned opcode) {
    return opcode == DW_MACRO_define || opcode == DW_MACRO_define_strp ||
           opcode == DW_MACRO_define_sup || opcode == DW_MACRO_define_strx;
}

static int take_macro(Dwarf_Macro *macro, void *arg) {
    struct jt_macros *m = arg;
    unsigned opcode;
    Dwarf_Attribute attr;
    const char *text;
    m->failed |= ++m->seen > MACROS_MAX;
    if (dwarf_macro_opcode(macro, &opcode) != 0) {
        return DWARF_CB_OK;
    }
    switch (opcode) {
    case DW_MACRO_define:
    case DW_MACRO_define_strp:
    case DW_MACRO_undef:
    case DW_MACRO_undef_strp:
    case DW_MACRO_define_sup:
    case DW_MACRO_undef_sup:
    case DW_MACRO_define_strx: /* clang's */
    case DW_MACRO_undef_strx:
        text = dwarf_macro_param(macro, 1, &attr) == 0 ? dwarf_formstring(&attr) : NULL;
        if (text != NULL) { /* dwarf_macro_param2() does not know strings of the shared file */
            set_macro(m, text, defines(opcode));
        }
        break;
    case DW_MACRO_import:
        take_import(m, macro);
        break;
    case DW_MACRO_import_sup:
        take_import_alt(m, macro);
        break;
    default:
        break;
    }
    return m->failed ? DWARF_CB_ABORT : DWARF_CB_OK;
}

/* Has the unit macros, and do they begin with a sound header? */
static bool has_macros(const struct jt_macros *m, Dwarf_Die *unit) {
    Dwarf_Attribute attr;
    Dwarf_Word offset;
    if (dwarf_attr(unit, DW_AT_macro_info, &attr) != NULL) {
        return true; /* .debug_macinfo, the older form, has no headers */
    }
    if (dwarf_attr(unit, DW_AT_macros, &attr) == NULL &&
        dwarf_attr(unit, DW_AT_GNU_macros, &attr) == NULL) {
        return false;
    }
    return dwarf_formudata(&attr, &offset) == 0 && unit_is_sound(m, offset);
}

struct jt_macros *jt_macros_read(Dwarf_Die *unit) {
    struct jt_macros *m = calloc(1, sizeof *m);
    if (m == NULL) {
        return NULL;
    }
    m->dwarf = dwarf_cu_getdwarf(unit->cu);
    m->section = section_of(m->dwarf);
    if (has_macros(m, unit) && dwarf_getmacros(unit, take_macro, m, DWARF_GETMACROS_START) >= 0 &&
        !m->failed && m->used != 0) {
        return m;
    }
    jt_macros_free(m);
    return NULL;
}

void jt_macros_free(struct jt_macros *macros) {
    if (macros == NULL) {
        return;
    }
    free(macros->entry);
    free(macros->texts);
    free(macros);
}

char *jt_macros_pack(const struct jt_macros *macros, size_t most, size_t *size) {
    struct jt_memory_file m;
    size_t left = most;
    *size = 0;
    if (!jt_memory_open(&m)) {
        return NULL;
    }
    for (size_t i = 0; i < macros->capacity && !m.lost; i++) {
        const struct entry *e = &macros->entry[i];
        size_t len = e->text != NULL && e->defined ? strlen(e->text) + 1 : 0;
        m.lost = len > left;
        if (!m.lost && len != 0) {
            fwrite(e->text, 1, len, m.file);
            left -= len;
        }
    }
    return jt_memory_close(&m, size);
}

struct jt_macros *jt_macros_unpack(char *texts, size_t size) {
    struct jt_macros *m = calloc(1, sizeof *m);
    if (m == NULL || size == 0 || texts[size - 1] != 0) {
        free(m);
        free(texts);
        return NULL;
    }
    m->texts = texts;
    for (const char *text = texts; text < texts + size && !m->failed; text += strlen(text) + 1) {
        set_macro(m, text, true);
    }
    if (!m->failed) {
        return m;
    }
    jt_macros_free(m);
    return NULL;
}

size_t jt_macros_count(const struct jt_macros *macros) {
    return macros->defined;
}

static const char *text_of(void *arg, const char *name, size_t len) {
    const struct jt_macros *m = arg;
    const struct entry *e = slot(m, name, len);
    return e->text == NULL || !e->defined ? NULL : e->text + e->len;
}

const char *jt_macros_text(const struct jt_macros *macros, const char *name) {
    return text_of((void *)(uintptr_t)macros, name, strlen(name));
}

bool jt_macros_value(struct jt_macros *macros, const char *name, uint64_t *out) {
    const char *text = jt_macros_text(macros, name);
    return text != NULL && text[0] != '(' && jt_eval(text, text_of, macros, out);
}
