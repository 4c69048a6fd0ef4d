/* core_naive.c - reads headers and notes of a core in their order, without sorting anything. */
#include "core_naive.h"

#include <elf.h>

#include "fuzz.h"
#include "open/inside.h"

static uint64_t number(const uint8_t *file, size_t at, unsigned size) {
    uint64_t value = 0;
    bool little = file[EI_DATA] == ELFDATA2LSB;
    for (unsigned i = 0; i < size; i++) {
        value = value << 8 | file[at + (little ? size - 1 - i : i)];
    }
    return value;
}

static bool owner_is(const uint8_t *owner, uint64_t len, const char *name) {
    return len == strlen(name) + 1 && memcmp(owner, name, (size_t)len) == 0;
}

/* Takes a note; at is the offset of its description, len its length. */
static void take_note(struct core_naive *r, const uint8_t *file, size_t note, size_t at,
                      uint64_t len) {
    uint64_t name = number(file, note, 4), type = number(file, note + 8, 4);
    bool wide = file[EI_CLASS] == ELFCLASS64;
    if (owner_is(file + note + 12, name, "CORE") && type == NT_PRPSINFO && len >= 124) {
        r->pid = number(file, at + (wide ? 24 : len < 128 ? 12 : 16), 4);
    }
    if (owner_is(file + note + 12, name, JT_NOTE_OWNER) && type <= JT_NOTES &&
        !r->own[type].bytes) {
        r->own[type] = (struct jt_text){(const char *)file + at, (size_t)len};
    }
}

static void take_notes(struct core_naive *r, const uint8_t *file, size_t size, uint64_t at,
                       uint64_t len) {
    if (at > size || len > size - at || len > r->notes_left) {
        return;
    }
    r->notes_left -= len;
    for (uint64_t end = at + len, next; at + 12 <= end; at = next) {
        uint64_t name = number(file, (size_t)at, 4), desc = number(file, (size_t)at + 4, 4);
        uint64_t from = at + 12 + (name + 3) / 4 * 4;
        next = from + (desc + 3) / 4 * 4;
        if (from + desc > end) {
            return;
        }
        take_note(r, file, (size_t)at, (size_t)from, desc);
    }
}

static void take(struct core_naive *r, const uint8_t *file, size_t size, size_t at) {
    unsigned w = file[EI_CLASS] == ELFCLASS64 ? 8 : 4;
    uint64_t offset = number(file, at + w, w), start = number(file, at + 2 * w, w);
    uint64_t filesz = number(file, at + 4 * w, w), memsz = number(file, at + 5 * w, w);
    if (number(file, at, 4) == PT_NOTE) {
        take_notes(r, file, size, offset, filesz);
    }
    memsz = memsz < UINT64_MAX - start ? memsz : UINT64_MAX - start; /* end at the last address */
    uint64_t saved = filesz < memsz ? filesz : memsz;
    uint64_t there = offset >= size ? 0 : size - offset < saved ? size - offset : saved;
    if (number(file, at, 4) != PT_LOAD) {
        return;
    }
    r->truncated =
        UINT64_MAX - r->truncated < saved - there ? UINT64_MAX : r->truncated + (saved - there);
    r->too_many = r->loads == CORE_LOADS_MAX;
    if (!r->too_many) {
        r->load[r->loads++] = (struct core_load){start, start + memsz, offset, there};
    }
}

void core_naive_read(struct core_naive *r, const uint8_t *file, size_t size) {
    bool wide = file[EI_CLASS] == ELFCLASS64;
    size_t entry = wide ? 56 : 32;
    uint64_t phoff = number(file, wide ? 32 : 28, wide ? 8 : 4);
    uint64_t count = number(file, wide ? 56 : 44, 2);
    memset(r, 0, sizeof(*r));
    r->notes_left = size;
    r->too_many = count == PN_XNUM; /* then section 0 has the number */
    for (uint64_t i = 0; i < count && !r->too_many && phoff < size; i++) {
        if (size - phoff < (i + 1) * entry) {
            return;
        }
        take(r, file, size, (size_t)(phoff + i * entry));
    }
}

const struct core_load *core_naive_holder(const struct core_naive *r, uint64_t addr) {
    const struct core_load *best = NULL;
    for (const struct core_load *l = r->load; l < r->load + r->loads; l++) {
        if (addr < l->start || addr - l->start >= l->saved) {
            continue;
        }
        if (!best || l->start < best->start ||
            (l->start == best->start &&
             (l->saved > best->saved || (l->saved == best->saved && l->offset < best->offset)))) {
            best = l;
        }
    }
    return best;
}
