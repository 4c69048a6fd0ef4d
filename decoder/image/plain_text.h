/* plain_text.h - text of a target, made fit to be seen.
 *
 * Names of files, symbols, versions and threads are whatever a target says. A terminal obeys some
 * bytes, and programs that read lines count others: none of these leaves jeheap as it is. */
#ifndef JEHEAP_TARGET_PLAIN_TEXT_H
#define JEHEAP_TARGET_PLAIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the well-formed UTF-8 sequence at p, which a 0 ends at the latest; 0: it is none. */
unsigned jt_utf8_length(const unsigned char *p);

/* Is the sequence at p one that a terminal acts on: a control character, C1 and DEL included? */
bool jt_utf8_controls(const unsigned char *p);

/* Control characters and what is no UTF-8 as \x1b, all else as it stands. out ends in 0, and never
 * in the middle of a character; what does not fit is cut off. size must not be 0. Plain text stays
 * the same. */
void jt_plain(const char *text, char *out, size_t size);

#endif
