/* skeleton_words.c - reads and writes notes that consist of 8-byte words, and faults in them. */
#include <string.h>

#include "skeleton/inside.h"

void jt_word_put(const struct jt_target *target, FILE *file, uint64_t value) {
    uint8_t bytes[8];
    jt_number_put(target, bytes, value, 8);
    fwrite(bytes, 1, sizeof bytes, file);
}

void jt_fault_put(const struct jt_target *target, FILE *file, const struct jh_fault *fault,
                  uint64_t seen) {
    char rule[JT_VERDICT_RULE] = "";
    memcpy(rule, fault->rule, strlen(fault->rule));
    jt_word_put(target, file, fault->status);
    jt_word_put(target, file, fault->addr);
    jt_word_put(target, file, seen);
    fwrite(rule, 1, sizeof rule, file);
}

uint64_t jt_word_next(struct jt_words *w) {
    uint64_t value = jt_number_at(w->target, w->at, 8);
    w->at += 8;
    return value;
}

bool jt_fault_next(struct jt_words *w, enum jh_stage stage, struct jh_fault *out) {
    uint64_t status = jt_word_next(w), at = jt_word_next(w), seen = jt_word_next(w);
    const char *name = (const char *)w->at;
    const char *rule =
        memchr(name, 0, JT_VERDICT_RULE) == NULL ? NULL : jt_rule_kept(w->target->priv, name);
    w->at += JT_VERDICT_RULE;
    bool known = status == JH_CORRUPT || status == JH_LIMIT || status == JH_ABSENT;
    if (rule == NULL || !known) {
        return false;
    }
    *out = (struct jh_fault){(enum jh_status)status, stage, at, seen, rule, 0, 0, 0, false};
    return true;
}
