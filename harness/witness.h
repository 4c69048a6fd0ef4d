/* witness.h - a witness process: started, asked, stopped. */
#ifndef JEHEAP_WITNESS_H
#define JEHEAP_WITNESS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define WITNESS_LOG "witness.log"

struct witness {
    pid_t pid;
    int to, from;    /* its standard input and output */
    const char *dir; /* where it runs; what it says is in WITNESS_LOG there */
};

/* Run what the build scripts made (their result) in a folder of its own, until its threads are
 * parked and the truth is written there. False and a sentence in error. */
bool witness_start(struct json_object *build, const char *dir, unsigned long seed,
                   struct witness *out, char *error, size_t error_size);
/* Has its heap changed since it wrote the truth? */
bool witness_unchanged(struct witness *witness);
/* An ELF core of it, by gdb. */
bool witness_core(const struct witness *witness, const char *path, char *error, size_t error_size);
/* The same, written by itself: for what runs in an emulator, which gdb would see instead. */
bool witness_own_core(struct witness *witness, const char *path, char *error, size_t error_size);
/* The same, written by the emulator when the witness aborts; it is gone afterwards. */
bool witness_last_core(struct witness *witness, const char *path, char *error, size_t error_size);
void witness_stop(struct witness *witness);

/* Run a program to its end, output to the file; its exit status, or -1. */
int run_logged(const char *const argv[], const char *log_path);

#endif
