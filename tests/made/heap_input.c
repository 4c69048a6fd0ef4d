/* heap_input.c - patches and parameters, both ways. */
#include "heap_input.h"

void heap_input_take(struct fuzz_input *in, struct heap_input *out) {
    out->what = fuzz_byte(in);
    out->image = (uint16_t)fuzz_take(in, 2);
    out->salt = fuzz_byte(in);
    out->nodes = fuzz_byte(in);
    out->extents = fuzz_byte(in);
    out->passed = fuzz_byte(in);
    out->chunk = fuzz_byte(in);
    out->cut = fuzz_byte(in);
    out->hole_len = fuzz_byte(in);
    out->hole = (uint16_t)fuzz_take(in, 2);
    for (unsigned i = 0; i < HEAP_PROBES; i++) {
        out->probe[i].pages = (int16_t)fuzz_take(in, 2);
        out->probe[i].place = (uint16_t)fuzz_take(in, 2);
    }
}

static uint8_t *put2(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    return at + 2;
}

void heap_input_write(const struct heap_input *input, uint8_t *tail) {
    uint8_t *at = tail;
    for (unsigned i = HEAP_PROBES; i-- > 0;) {
        at = put2(at, input->probe[i].place);
        at = put2(at, (uint16_t)input->probe[i].pages);
    }
    at = put2(at, input->hole);
    *at++ = input->hole_len;
    *at++ = input->cut;
    *at++ = input->chunk;
    *at++ = input->passed;
    *at++ = input->extents;
    *at++ = input->nodes;
    *at++ = input->salt;
    at = put2(at, input->image);
    *at = input->what;
}

bool heap_patch_take(struct fuzz_input *in, struct heap_patch *out) {
    if (in->size <= HEAP_PATCH_HEADER) {
        return false;
    }
    const uint8_t *at = in->data;
    size_t room = in->size - HEAP_PATCH_HEADER, len = at[0] % HEAP_PATCH_MAX + 1U;
    out->len = len < room ? len : room;
    out->place = (uint16_t)(at[1] | at[2] << 8);
    out->offset = (int16_t)(at[3] | at[4] << 8);
    out->bytes = at + HEAP_PATCH_HEADER;
    in->data += HEAP_PATCH_HEADER + out->len;
    in->size -= HEAP_PATCH_HEADER + out->len;
    return true;
}

size_t heap_patch_write(const struct heap_patch *patch, uint8_t *out) {
    out[0] = (uint8_t)(patch->len - 1);
    put2(put2(out + 1, patch->place), (uint16_t)patch->offset);
    memcpy(out + HEAP_PATCH_HEADER, patch->bytes, patch->len);
    return HEAP_PATCH_HEADER + patch->len;
}

uint8_t *heap_patch_at(const struct heap_image *image, const struct heap_patch *patch,
                       uint64_t *addr) {
    *addr = image->place[patch->place % image->places].addr + (uint64_t)(int64_t)patch->offset;
    return heap_image_at(image, *addr, patch->len);
}
