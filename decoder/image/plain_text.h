/* plain_text.h - makes text of a target safe to print.
 *
 * Names of files, symbols, versions and threads come from the target and may have any bytes.
 * Control characters would act on a terminal or break lines, so they are printed as escapes. */
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
