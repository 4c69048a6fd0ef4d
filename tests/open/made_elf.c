#include "made_elf.h"

#include <stdlib.h>
#include <string.h>

struct made_section *made_add(struct made_elf *f, const char *name, uint32_t type) {
    if (f->sections == MADE_SECTIONS) {
        abort();
    }
    struct made_section *s = &f->section[++f->sections];
    *s = (struct made_section){.name = name, .type = type};
    return s;
}

void made_symbols(struct made_elf *f, uint32_t type, const struct made_symbol *symbol,
                  size_t count) {
    struct attack_bytes names = {0};
    struct made_section *s = made_add(f, type == SHT_SYMTAB ? ".symtab" : ".dynsym", type);
    s->entsize = sizeof(Elf64_Sym);
    s->link = f->sections + 1;
    attack_add(&s->bytes, &(const Elf64_Sym){0}, sizeof(Elf64_Sym));
    attack_number(&names, 0, 1);
    for (size_t i = 0; i < count; i++) {
        const Elf64_Sym sym = {.st_name = (Elf64_Word)names.len,
                               .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
                               .st_shndx = 1,
                               .st_value = symbol[i].value,
                               .st_size = symbol[i].size};
        attack_add(&s->bytes, &sym, sizeof sym);
        made_text(&names, symbol[i].name);
    }
    made_add(f, type == SHT_SYMTAB ? ".strtab" : ".dynstr", SHT_STRTAB)->bytes = names;
}

struct attack_bytes made_build(struct made_elf *f) {
    struct attack_bytes b = {0}, names = {0};
    Elf64_Shdr sh[MADE_SECTIONS + 1] = {{0}};
    Elf64_Ehdr h = attack_elf_header(ET_DYN, 1);
    Elf64_Phdr ph = {.p_type = PT_LOAD, .p_flags = PF_R};
    attack_add(&b, &h, sizeof h);
    attack_add(&b, &ph, sizeof ph);
    struct made_section *last = made_add(f, ".shstrtab", SHT_STRTAB);
    attack_number(&names, 0, 1);
    for (unsigned i = 1; i <= f->sections; i++) {
        struct made_section *s = &f->section[i];
        sh[i] = (Elf64_Shdr){.sh_name = (Elf64_Word)names.len,
                             .sh_type = s->type,
                             .sh_flags = s->flags,
                             .sh_link = s->link,
                             .sh_entsize = s->entsize,
                             .sh_offset = b.len};
        attack_add(&names, s->name, strlen(s->name) + 1);
        if (s == last) {
            s->bytes = names;
        }
        attack_add(&b, s->bytes.at, s->bytes.len);
        sh[i].sh_size = s->size != 0 ? s->size : s->bytes.len;
        sh[i].sh_addralign = 1;
        free(s->bytes.at);
    }
    while (b.len % 8 != 0) {
        attack_number(&b, 0, 1);
    }
    h.e_shentsize = sizeof sh[0];
    h.e_shoff = b.len;
    h.e_shnum = (Elf64_Half)(f->sections + 1);
    h.e_shstrndx = (Elf64_Half)f->sections;
    attack_add(&b, sh, (f->sections + 1) * sizeof sh[0]);
    ph.p_filesz = ph.p_memsz = b.len;
    memcpy(b.at, &h, sizeof h);
    memcpy(b.at + sizeof h, &ph, sizeof ph);
    return b;
}

void made_leb(struct attack_bytes *b, uint64_t value) {
    for (; value > 127; value >>= 7) {
        attack_number(b, (value & 127) | 128, 1);
    }
    attack_number(b, value, 1);
}

void made_text(struct attack_bytes *b, const char *what) {
    attack_add(b, what, strlen(what) + 1);
}

void made_abbreviation(struct attack_bytes *b, unsigned code, unsigned tag, bool children,
                       const uint16_t *pairs) {
    made_leb(b, code);
    made_leb(b, tag);
    attack_number(b, children, 1);
    for (; pairs[0] != 0; pairs += 2) {
        made_leb(b, pairs[0]);
        made_leb(b, pairs[1]);
    }
    attack_number(b, 0, 2);
}
