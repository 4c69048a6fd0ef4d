/* plain_text.h - makes text of a target safe to print.
 *
 * Names of files, symbols, versions and threads are whatever the target contains. A terminal obeys
 * some bytes, and programs that read lines depend on others: jeheap prints neither as they are. */
#ifndef JEHEAP_TARGET_PLAIN_TEXT_H
#define JEHEAP_TARGET_PLAIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the well-formed UTF-8 sequence at p, in a text that ends in a 0; 0: not well-formed. */
unsigned jt_utf8_length(const unsigned char *p);

/* Is the sequence at p one that a terminal acts on: a control character, C1 and DEL included? */
bool jt_utf8_controls(const unsigned char *p);

/* Copies text with control characters and invalid UTF-8 escaped as \x1b. out ends in a 0, never in
 * the middle of a character; what does not fit is cut off. size must not be 0. Text that needs no
 * escapes stays the same. */
void jt_plain(const char *text, char *out, size_t size);

#endif
