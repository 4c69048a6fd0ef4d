/* jh_field_mask, jh_field_of, jh_field_get, jh_load: bit by bit what the field says, in both byte
 * orders, for every field that fits its bytes; no byte outside of them is read.
 *
 * sources: layout.c word.c reader.c
 * options: --unwind 9
 * mutant: internal.h: (word >> (field.shift & 63)) => (word >> (field.shift & 31))
 * mutant: word.c: (n) < 64 => (n) < 63
 * mutant: word.c: size - 1 - i : i => i : size - 1 - i
 * mutant: layout.c: << field.shift : 0 => >> field.shift : 0 */
#include "proof.h"

int main(void) {
    struct jh_layout layout;
    struct jh_field field;
    unsigned size, bit;
    ASSUME(size <= 64 && field_inside(field, size) && bit < 64);
    const uint8_t *bytes = any_bytes(size);
    PROVE(bit_of(jh_field_get(&layout, bytes, field), bit) ==
          field_bit(&layout, bytes, field, bit));
    PROVE(bit_of(jh_field_mask(field), bit) ==
          (field.width && bit >= field.shift && bit < (unsigned)field.shift + field.width));
    REACHES(field.width == 64 && !layout.build.little_endian);
    REACHES(field.width == 64 && layout.build.little_endian);
    REACHES(field.width == 0 && size == 0);
    return 0;
}
