/* expr_value.h - integers with C's types, as expr.c computes with them. */
#ifndef JEHEAP_TARGET_EXPR_VALUE_H
#define JEHEAP_TARGET_EXPR_VALUE_H

#include <stdbool.h>
#include <stdint.h>

struct value {
    uint64_t bits; /* extended to 64 bits as its type has it */
    bool is_unsigned, wide;
};

/* Operators; those whose result is 0 or 1 come last. */
enum op {
    NONE,
    MUL,
    DIV,
    MOD,
    ADD,
    SUB,
    SHL,
    SHR,
    AND,
    XOR,
    OR,
    LT,
    GT,
    LE,
    GE,
    EQ,
    NE,
    LAND,
    LOR
};

/* A value of the given type: bits are cut to its width and extended to 64 bits again. */
struct value jt_make(uint64_t bits, bool is_unsigned, bool wide);
struct value jt_cast(struct value v, unsigned size, bool is_unsigned);
/* False, out untouched, where C leaves the result undefined. */
bool jt_apply(enum op op, struct value a, struct value b, struct value *out);

#endif
