/* expr.c - evaluates C integer expressions, which jemalloc's macros consist of.
 *
 * Types are what the arithmetic needs: 32 or 64 bits, signed or not, with C's usual conversions.
 * Function-like macros are called by value, which is the same thing for expressions without side
 * effects. Depth and steps are bounded: the text comes out of a file. */
#include <ctype.h>
#include <string.h>

#include "files/inside.h"
#include "files/expr_value.h"

#define DEPTH_MAX 64
#define STEPS_MAX 1000000 /* operands, and characters of the macros that they use */
#define PARAMS_MAX 4

struct param {
    const char *name;
    size_t len;
    struct value value;
};

struct eval {
    const char *at;
    jt_macro_fn *macro;
    void *arg;
    const struct param *param; /* parameters of the macro that is being expanded */
    size_t params;
    unsigned depth, *steps;
    bool failed;
    bool dead; /* in a branch that is not evaluated: 1/0 is no error there */
};

static struct value expression(struct eval *e);
static struct value unary(struct eval *e);

static struct value fail(struct eval *e) {
    e->failed = true;
    return (struct value){0, false, false};
}

static void skip_blanks(struct eval *e) {
    for (;;) {
        while (isspace((unsigned char)*e->at)) {
            e->at++;
        }
        const char *end = e->at[0] == '/' && e->at[1] == '*' ? strstr(e->at + 2, "*/") : NULL;
        if (end == NULL) {
            return;
        }
        e->at = end + 2;
    }
}

static bool accept_token(struct eval *e, const char *text) {
    skip_blanks(e);
    size_t n = strlen(text);
    if (strncmp(e->at, text, n) != 0) {
        return false;
    }
    e->at += n;
    return true;
}

static size_t identifier(const char *s) {
    size_t n = 0;
    if (isalpha((unsigned char)s[0]) || s[0] == '_') {
        while (isalnum((unsigned char)s[n]) || s[n] == '_') {
            n++;
        }
    }
    return n;
}

static struct value number(struct eval *e) {
    unsigned base = 10;
    uint64_t bits = 0;
    if (e->at[0] == '0') {
        base = (e->at[1] | 32) == 'x' ? 16 : 8;
    }
    if (base == 16) {
        e->at += 2;
    }
    const char *start = e->at;
    for (; isxdigit((unsigned char)*e->at); e->at++) {
        unsigned c = (unsigned char)*e->at;
        unsigned digit = c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
        if (digit >= base || bits > (UINT64_MAX - digit) / base) {
            return fail(e);
        }
        bits = bits * base + digit;
    }
    bool is_unsigned = false, wide = false;
    for (; (*e->at | 32) == 'u' || (*e->at | 32) == 'l'; e->at++) {
        is_unsigned |= (*e->at | 32) == 'u';
        wide |= (*e->at | 32) == 'l';
    }
    if (e->at == start || identifier(e->at) != 0 || *e->at == '.') {
        return fail(e);
    }
    wide |= bits > UINT32_MAX || (bits > INT32_MAX && !is_unsigned && base == 10);
    is_unsigned |= bits > INT64_MAX || (!wide && bits > INT32_MAX);
    return jt_make(bits, is_unsigned, wide);
}

/* ---- casts ---------------------------------------------------------------------------------- */

struct type {
    const char *name;
    unsigned size; /* bytes; 0: the word does not tell the size ("unsigned", "const") */
    int sign;      /* 1: unsigned, -1: signed, 0: the word does not tell */
};

static const struct type type_name[] = {
    {"uint64_t", 8, 1}, {"int64_t", 8, -1}, {"uint32_t", 4, 1},  {"int32_t", 4, -1},
    {"uint16_t", 2, 1}, {"int16_t", 2, -1}, {"uint8_t", 1, 1},   {"int8_t", 1, -1},
    {"size_t", 8, 1},   {"ssize_t", 8, -1}, {"uintptr_t", 8, 1}, {"intptr_t", 8, -1},
    {"szind_t", 4, 1},  {"pszind_t", 4, 1}, {"unsigned", 0, 1},  {"signed", 0, -1},
    {"int", 4, 0},      {"long", 8, 0},     {"short", 2, 0},     {"char", 1, 0},
    {"bool", 1, 1},     {"const", 0, 0},
};

static const struct type *type_at(const char *s, size_t *len) {
    *len = identifier(s);
    for (size_t i = 0; i < sizeof type_name / sizeof type_name[0]; i++) {
        if (strlen(type_name[i].name) == *len && memcmp(type_name[i].name, s, *len) == 0) {
            return &type_name[i];
        }
    }
    return NULL;
}

/* A type in parentheses, such as "(unsigned long)". False: there is none, and e->at is unchanged.
 */
static bool type_in_parentheses(struct eval *e, struct type *out) {
    const char *start = e->at;
    size_t len, words = 0;
    const struct type *t;
    *out = (struct type){NULL, 0, 0};
    if (!accept_token(e, "(")) {
        return false;
    }
    for (skip_blanks(e); (t = type_at(e->at, &len)) != NULL; skip_blanks(e), words++) {
        e->at += len;
        if (t->size != 0 && !(out->size != 0 && t->size == 4)) { /* "long int" is a long */
            out->size = t->size;
        }
        if (t->sign != 0) {
            out->sign = t->sign;
        }
    }
    if (words != 0 && accept_token(e, ")")) {
        return true;
    }
    e->at = start;
    return false;
}

/* ---- macros --------------------------------------------------------------------------------- */

/* The value of a macro's body with these arguments. */
static struct value inner(struct eval *e, const char *text, const struct param *param,
                          size_t params) {
    struct eval in = *e;
    if (e->depth >= DEPTH_MAX) {
        return fail(e);
    }
    in.at = text;
    in.param = param;
    in.params = params;
    in.depth = e->depth + 1;
    struct value v = expression(&in);
    skip_blanks(&in);
    *e->steps += (unsigned)(in.at - text); /* long names and blanks take time as well */
    if (in.failed || *in.at != 0) {
        return fail(e);
    }
    return v;
}

/* jemalloc's suffix macros paste tokens: KQU(5) is 5ULL. */
static bool pastes(const char *name, size_t len) {
    static const char *const known[] = {"ZU", "ZI", "QU", "QI", "KZU", "KZI", "KQU", "KQI"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i]) == len && memcmp(known[i], name, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Evaluates the arguments "(a, b)" of a function-like macro, and gives them the names in the
 * macro's text "(x, y) body". Returns the body; NULL: error. */
static const char *arguments(struct eval *e, const char *text, struct param param[PARAMS_MAX],
                             size_t *params) {
    struct eval names = *e;
    names.at = text + 1;
    *params = 0;
    if (!accept_token(e, "(")) {
        return NULL;
    }
    do {
        skip_blanks(&names);
        size_t len = identifier(names.at);
        if (len == 0 || *params == PARAMS_MAX) {
            return NULL;
        }
        param[*params].name = names.at;
        param[*params].len = len;
        names.at += len;
        param[(*params)++].value = expression(e);
        if (e->failed) {
            return NULL;
        }
    } while (accept_token(&names, ",") && accept_token(e, ","));
    return accept_token(&names, ")") && accept_token(e, ")") ? names.at : NULL;
}

static struct value named(struct eval *e) {
    size_t len = identifier(e->at);
    const char *name = e->at;
    struct param param[PARAMS_MAX];
    size_t params;
    e->at += len;
    for (size_t i = 0; i < e->params; i++) {
        if (e->param[i].len == len && memcmp(e->param[i].name, name, len) == 0) {
            return e->param[i].value;
        }
    }
    if (pastes(name, len)) {
        struct value v = unary(e);
        return jt_make(v.bits, name[len - 1] == 'U', true);
    }
    if (len == 10 && memcmp(name, "UINT64_MAX", 10) == 0) { /* its macro pastes tokens, too */
        return jt_make(UINT64_MAX, true, true);
    }
    if (len == 4 && memcmp(name, "true", 4) == 0) {
        return jt_make(1, false, false);
    }
    if (len == 5 && memcmp(name, "false", 5) == 0) {
        return jt_make(0, false, false);
    }
    const char *text = e->macro == NULL ? NULL : e->macro(e->arg, name, len);
    if (text == NULL) {
        return fail(e);
    }
    if (text[0] != '(') {
        return inner(e, text, NULL, 0);
    }
    const char *body = arguments(e, text, param, &params);
    return body == NULL ? fail(e) : inner(e, body, param, params);
}

/* ---- operators ------------------------------------------------------------------------------ */

static struct value primary(struct eval *e) {
    skip_blanks(e);
    if (++*e->steps > STEPS_MAX) {
        return fail(e);
    }
    if (isdigit((unsigned char)*e->at)) {
        return number(e);
    }
    if (identifier(e->at) != 0) {
        return named(e);
    }
    if (!accept_token(e, "(")) {
        return fail(e);
    }
    e->depth++;
    struct value v = expression(e);
    e->depth--;
    return accept_token(e, ")") ? v : fail(e);
}

static struct value unary(struct eval *e) {
    struct type type;
    skip_blanks(e);
    if (e->failed || ++e->depth > DEPTH_MAX) {
        return fail(e);
    }
    struct value v;
    if (type_in_parentheses(e, &type)) {
        v = jt_cast(unary(e), type.size == 0 ? 4 : type.size, type.sign > 0);
    } else if (*e->at == '-' || *e->at == '~' || *e->at == '+') {
        char op = *e->at++;
        v = unary(e);
        uint64_t bits = op == '-' ? 0 - v.bits : op == '~' ? ~v.bits : v.bits;
        v = jt_make(bits, v.is_unsigned, v.wide);
    } else if (*e->at == '!' && e->at[1] != '=') {
        e->at++;
        v = jt_make(unary(e).bits == 0, false, false);
    } else {
        v = primary(e);
    }
    e->depth--;
    return v;
}

static const struct {
    const char *text;
    enum op op;
    int rank; /* binds tighter when higher */
} operators[] = {
    {"<<", SHL, 8},  {">>", SHR, 8}, {"<=", LE, 7},  {">=", GE, 7},  {"==", EQ, 6},  {"!=", NE, 6},
    {"&&", LAND, 2}, {"||", LOR, 1}, {"*", MUL, 10}, {"/", DIV, 10}, {"%", MOD, 10}, {"+", ADD, 9},
    {"-", SUB, 9},   {"<", LT, 7},   {">", GT, 7},   {"&", AND, 5},  {"^", XOR, 4},  {"|", OR, 3},
};

static enum op next_operator(struct eval *e, int rank, int *found) {
    skip_blanks(e);
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        size_t n = strlen(operators[i].text);
        if (strncmp(e->at, operators[i].text, n) != 0) {
            continue;
        }
        if (operators[i].rank < rank) {
            return NONE;
        }
        e->at += n;
        *found = operators[i].rank;
        return operators[i].op;
    }
    return NONE;
}

/* Precedence climbing: an expression of operators whose rank is at least this one. */
static struct value binary(struct eval *e, int rank) {
    struct value a = unary(e);
    enum op op;
    int found;
    if (e->depth >= DEPTH_MAX) {
        return fail(e);
    }
    e->depth++;
    while (!e->failed && (op = next_operator(e, rank, &found)) != NONE) {
        bool dead = e->dead;
        e->dead |= (op == LAND && a.bits == 0) || (op == LOR && a.bits != 0);
        struct value b = binary(e, found + 1);
        e->dead = dead;
        if (!jt_apply(op, a, b, &a) && !e->dead) {
            return fail(e);
        }
    }
    e->depth--;
    return a;
}

static struct value expression(struct eval *e) {
    struct value condition = binary(e, 1);
    if (e->failed || !accept_token(e, "?")) {
        return condition;
    }
    e->depth++; /* binary() below compares it with DEPTH_MAX */
    bool dead = e->dead, yes = condition.bits != 0;
    e->dead = dead || !yes;
    struct value a = expression(e);
    if (!accept_token(e, ":")) {
        return fail(e);
    }
    e->dead = dead || yes;
    struct value b = expression(e);
    e->dead = dead;
    e->depth--;
    bool wide = a.wide || b.wide;
    bool is_unsigned = (a.is_unsigned && a.wide == wide) || (b.is_unsigned && b.wide == wide);
    return jt_make(yes ? a.bits : b.bits, is_unsigned, wide);
}

bool jt_eval(const char *text, jt_macro_fn *macro, void *arg, uint64_t *out) {
    unsigned steps = 0;
    struct eval e = {text, macro, arg, NULL, 0, 0, &steps, false, false};
    struct value v = expression(&e);
    skip_blanks(&e);
    if (e.failed || *e.at != 0) {
        return false;
    }
    *out = v.bits;
    return true;
}
