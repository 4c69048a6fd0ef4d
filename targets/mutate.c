/* mutate.c - makes one change to an input: adds a patch, removes one, or changes a question. */
#include "mutate.h"

#include "damage.h"
#include "heap_images.h"

/* ---- payload --------------------------------------------------------------------------------- */

/* The offset of the n-th patch; the end of the payload when there are fewer. */
static size_t patch_start(const uint8_t *data, size_t size, size_t n) {
    struct fuzz_input in = {data, size};
    struct heap_patch patch;
    while (n-- > 0 && heap_patch_take(&in, &patch)) {
    }
    return size - in.size;
}

static size_t patch_count(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    struct heap_patch patch;
    size_t count = 0;
    while (heap_patch_take(&in, &patch)) {
        count++;
    }
    return count;
}

/* Removes a patch, and returns the payload's new size. */
static size_t remove_patch(uint8_t *data, size_t size, struct dice *dice) {
    size_t n = dice_below(dice, patch_count(data, size) + 1);
    size_t from = patch_start(data, size, n), to = patch_start(data, size, n + 1);
    memmove(data + from, data + to, size - to);
    return size - (to - from);
}

/* Adds a patch with damage, after removing one when the payload is full, and asks for the damaged
 * place. */
static size_t add_patch(uint8_t *data, size_t size, size_t max, const struct heap_image *image,
                        struct heap_input *input, struct dice *dice) {
    struct damage damage;
    damage_make(&damage, image, dice);
    while (size && (size + HEAP_PATCH_HEADER + damage.patch.len > max ||
                    patch_count(data, size) >= HEAP_PATCHES_MAX)) {
        size = remove_patch(data, size, dice);
    }
    if (size + HEAP_PATCH_HEADER + damage.patch.len > max) {
        return size;
    }
    input->probe[dice_below(dice, HEAP_PROBES)] =
        (struct heap_probe){damage.patch.place, (int16_t)(dice_below(dice, 5) - 2)};
    return size + heap_patch_write(&damage.patch, data + size);
}

static size_t change_byte(uint8_t *data, size_t size, struct dice *dice) {
    if (size) {
        data[dice_below(dice, size)] ^= (uint8_t)(1U << dice_below(dice, 8));
    }
    return size;
}

/* ---- tail ------------------------------------------------------------------------------------ */

static void change_probe(struct heap_input *input, const struct heap_image *image,
                         struct dice *dice) {
    struct heap_probe *probe = &input->probe[dice_below(dice, HEAP_PROBES)];
    unsigned scale = (unsigned)dice_below(dice, 14);
    if (dice_below(dice, 2)) {
        probe->place = (uint16_t)dice_below(dice, image->places);
    }
    probe->pages = (int16_t)(dice_below(dice, (size_t)2 << scale) - ((size_t)1 << scale));
    input->salt = (uint8_t)dice_next(dice);
}

static void change_parameter(struct heap_input *input, struct dice *dice) {
    uint8_t byte = (uint8_t)dice_next(dice);
    switch (dice_below(dice, 7)) {
    case 0:
        input->nodes = byte;
        break;
    case 1:
        input->extents = byte;
        break;
    case 2:
        input->passed = byte;
        break;
    case 3:
        input->cut = byte;
        break;
    case 4:
        input->chunk = byte;
        break;
    case 5:
        input->hole = (uint16_t)dice_next(dice);
        input->hole_len = byte;
        break;
    default:
        input->hole_len = 0;
    }
}

static void first_tail(struct heap_input *input, struct dice *dice) {
    *input = (struct heap_input){.passed = 12};
    input->image = heap_image_id(heap_images_name(dice_below(dice, heap_images_count())));
    input->what = (uint8_t)dice_next(dice);
}

size_t heap_mutate(uint8_t *data, size_t size, size_t max, uint64_t seed) {
    struct dice dice = {seed};
    struct heap_input input;
    size_t payload = 0;
    if (max < HEAP_TAIL_BYTES) {
        return size;
    }
    if (size < HEAP_TAIL_BYTES || dice_below(&dice, 64) == 0) {
        first_tail(&input, &dice);
    } else {
        struct fuzz_input in = {data, size};
        heap_input_take(&in, &input);
        payload = in.size;
    }
    const struct heap_image *image = heap_images_find(input.image);
    size_t room = max - HEAP_TAIL_BYTES;
    payload = payload < room ? payload : room;
    switch (dice_below(&dice, 10)) {
    case 0:
        payload = remove_patch(data, payload, &dice);
        break;
    case 1:
        payload = change_byte(data, payload, &dice);
        break;
    case 2:
        change_probe(&input, image, &dice);
        break;
    case 3:
        change_parameter(&input, &dice);
        break;
    case 4:
        input.what = (uint8_t)dice_next(&dice);
        break;
    default:
        payload = add_patch(data, payload, room, image, &input, &dice);
    }
    heap_input_write(&input, data + payload);
    return payload + HEAP_TAIL_BYTES;
}
