/* witness.h - starts a witness process, asks it, stops it. */
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
    const char *dir; /* its current folder, which has its output in WITNESS_LOG */
};

/* Starts the program that the build scripts made (build is their result) in a folder of its own,
 * and waits until its threads are parked and the truth is written there. False: error has a
 * sentence. */
bool witness_start(struct json_object *build, const char *dir, unsigned long seed,
                   struct witness *out, char *error, size_t error_size);
/* Is its heap as it was when it wrote the truth? */
bool witness_unchanged(struct witness *witness);
/* Writes an ELF core of it with gdb. */
bool witness_core(const struct witness *witness, const char *path, char *error, size_t error_size);
/* The same, but the witness writes the core itself: of a program in an emulator gdb would write a
 * core of the emulator. */
bool witness_own_core(struct witness *witness, const char *path, char *error, size_t error_size);
/* The same, but the emulator writes the core when the witness aborts, which ends the witness. */
bool witness_last_core(struct witness *witness, const char *path, char *error, size_t error_size);
void witness_stop(struct witness *witness);

/* Runs a program to its end, with its output in a file. Gives its exit status, or -1. */
int run_logged(const char *const argv[], const char *log_path);

#endif
