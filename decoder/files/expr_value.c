/* expr_value.c - C's integer arithmetic in 32 and 64 bits, with its usual conversions. */
#include "files/expr_value.h"

struct value jt_make(uint64_t bits, bool is_unsigned, bool wide) {
    if (!wide) {
        bits = is_unsigned ? (uint32_t)bits : (uint64_t)(int64_t)(int32_t)(uint32_t)bits;
    }
    return (struct value){bits, is_unsigned, wide};
}

struct value jt_cast(struct value v, unsigned size, bool is_unsigned) {
    if (size >= 4) {
        return jt_make(v.bits, is_unsigned, size == 8);
    }
    uint64_t mask = ((uint64_t)1 << (8 * size)) - 1, sign = (mask >> 1) + 1;
    uint64_t bits = v.bits & mask;
    if (!is_unsigned) {
        bits = (bits ^ sign) - sign;
    }
    return jt_make(bits, false, false); /* promoted to int */
}

static bool less(struct value a, struct value b) {
    return a.is_unsigned ? a.bits < b.bits : (int64_t)a.bits < (int64_t)b.bits;
}

static bool divide(struct value a, struct value b, bool modulo, struct value *out) {
    bool overflow = !a.is_unsigned && a.bits == (uint64_t)INT64_MIN && b.bits == UINT64_MAX;
    if (b.bits == 0 || overflow) {
        return false;
    }
    int64_t x = (int64_t)a.bits, y = (int64_t)b.bits;
    uint64_t bits = modulo ? a.bits % b.bits : a.bits / b.bits;
    if (!a.is_unsigned) {
        bits = (uint64_t)(modulo ? x % y : x / y);
    }
    *out = jt_make(bits, a.is_unsigned, a.wide);
    return true;
}

static bool shift(struct value a, struct value b, bool left, struct value *out) {
    if (b.bits >= (a.wide ? 64u : 32u)) {
        return false;
    }
    uint64_t bits = left ? a.bits << b.bits : a.bits >> b.bits;
    if (!left && !a.is_unsigned && (int64_t)a.bits < 0 && b.bits != 0) {
        bits |= ~(UINT64_MAX >> b.bits);
    }
    *out = jt_make(bits, a.is_unsigned, a.wide);
    return true;
}

static uint64_t arithmetic(enum op op, uint64_t a, uint64_t b) {
    switch (op) {
    case MUL:
        return a * b;
    case ADD:
        return a + b;
    case SUB:
        return a - b;
    case AND:
        return a & b;
    case XOR:
        return a ^ b;
    default:
        return a | b;
    }
}

static bool compare(enum op op, struct value a, struct value b) {
    switch (op) {
    case LT:
        return less(a, b);
    case GT:
        return less(b, a);
    case LE:
        return !less(b, a);
    case GE:
        return !less(a, b);
    case EQ:
        return a.bits == b.bits;
    case NE:
        return a.bits != b.bits;
    case LAND:
        return a.bits != 0 && b.bits != 0;
    default:
        return a.bits != 0 || b.bits != 0;
    }
}

bool jt_apply(enum op op, struct value a, struct value b, struct value *out) {
    if (op == SHL || op == SHR) {
        return shift(a, b, op == SHL, out);
    }
    bool wide = a.wide || b.wide;
    bool is_unsigned = (a.is_unsigned && a.wide == wide) || (b.is_unsigned && b.wide == wide);
    a = jt_make(a.bits, is_unsigned, wide);
    b = jt_make(b.bits, is_unsigned, wide);
    if (op == DIV || op == MOD) {
        return divide(a, b, op == MOD, out);
    }
    if (op >= LT) {
        *out = jt_make(compare(op, a, b), false, false);
    } else {
        *out = jt_make(arithmetic(op, a.bits, b.bits), is_unsigned, wide);
    }
    return true;
}
