/* thread_notes.h - completes an emulator's core with what the kernel's has. */
#ifndef JEHEAP_THREAD_NOTES_H
#define JEHEAP_THREAD_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "truth.h"

/* Adds a note of this type (NT_ARM_TLS) with the thread pointer, which the truth has, behind the
 * registers of each thread, as Linux does. False: error has a sentence. */
bool thread_notes_add(const char *core, const struct truth *truth, uint32_t type, char *error,
                      size_t error_size);

#endif
