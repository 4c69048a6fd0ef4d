/* witness.h - a witness process: started, asked, stopped. */
#ifndef JEHEAP_WITNESS_H
#define JEHEAP_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct witness {
    pid_t pid;
    int to, from; /* its standard input and output */
};

/* Run it until its threads are parked and the truth is written. False and a sentence in error. */
bool witness_start(const char *program, const char *malloc_conf, const char *truth_path,
                   unsigned long seed, struct witness *out, char *error, size_t error_size);
/* Has its heap changed since it wrote the truth? */
bool witness_unchanged(struct witness *witness);
/* An ELF core of it, by gdb. */
bool witness_core(const struct witness *witness, const char *path, char *error, size_t error_size);
void witness_stop(struct witness *witness);

/* Run a program to its end, output to the file; its exit status, or -1. */
int run_logged(const char *const argv[], const char *log_path);

#endif
