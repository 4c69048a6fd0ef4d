/* open.c - opens a process or a core, and learns the root and the layout of its heap. */
#include <stdlib.h>
#include <string.h>

#include "open/inside.h"

bool jt_is_process(const char *target) {
    return target[0] != 0 && target[strspn(target, "0123456789")] == 0;
}

#define GROWTH (UINT64_C(64) << 20) /* bytes that a process may grow while it is read */
#define LEAF_MIN 8                  /* bytes of a leaf element */
#define BLOCK 4096                  /* bytes: the unit of a hole */

/* Limits walks to what a sound rtree can need. Nodes do not overlap, so a sound rtree has no more
 * bytes than the memory that is there, nor than the files to which a core's segments lead. Next to
 * holes a walk reads up to a whole scratch buffer for each block on the disk. All segments of
 * zeroes of a skeleton lead to the same zeroes in its file, so the number of extents is limited as
 * well: nodes that name extents are not in them. */
static void limit_walks(struct jt_target *target) {
    struct jh_limits *limits = &target->heap.limits;
    uint64_t files = jt_core_bytes(target), most = jt_core_bytes_with_zeroes(target);
    if (jt_is_skeleton(target)) {
        limits->max_extents = limits->max_extents != 0 ? limits->max_extents : 2 * files / LEAF_MIN;
    }
    if (target->priv->piece != NULL) {
        most *= JH_WALK_SCRATCH / BLOCK;
    }
    most = most < target->bytes_present ? most : target->bytes_present;
    if (limits->max_node_bytes == 0) {
        limits->max_node_bytes = 2 * most + (target->kind == JT_CORE ? 0 : GROWTH);
    }
}

static enum jt_status open_memory(struct jt_target *target, const struct jt_options *options,
                                  const struct jt_bytes *bytes) {
    if (bytes != NULL) {
        return jt_core_read(target, bytes->core, bytes->size, options->target);
    }
    if (jt_is_process(options->target)) {
        return jt_process_open(target, options->target);
    }
    return jt_core_open(target, options->target,
                        options->name != NULL ? options->name : options->target);
}

static enum jt_status open_modules(struct jt_target *target, const char *exe) {
    enum jt_status status = jt_modules_open(target, exe);
    if (status == JT_OK && target->kind == JT_CORE) {
        status = jt_modules_fill(target);
        jt_core_count(target);
    }
    return status;
}

/* Learns which heap it is and how it is laid out. */
static enum jt_status learn_heap(struct jt_target *target, struct jt_evidence *evidence) {
    enum jt_status status = jt_root_find(target, evidence);
    if (status != JT_OK) {
        return status;
    }
    jt_warn_of_files(target);
    jt_dwarf_read_in_process(target, &evidence->root, &evidence->dwarf);
    status = jt_layout_learn(target, evidence);
    if (status == JT_OK) {
        jt_metadata_learn(target, &evidence->dwarf);
    }
    jt_dwarf_free(&evidence->dwarf);
    return status;
}

/* A layout that the user gave is used whatever the heap says of it. */
static bool fits_nothing(const struct jt_target *target, const struct jt_options *options,
                         enum jt_status status) {
    return status == JT_NO_LAYOUT || status == JT_NO_JEMALLOC ||
           (status == JT_OK && options->layout != NULL && target->verified == 0);
}

/* Learns the heap once more, without the file of a module that no build-id confirms: it did not fit
 * the heap, so it may be of another build, and must not give a worse result than no file. */
static enum jt_status learn_without(struct jt_target *target, struct jt_evidence *evidence,
                                    enum jt_status status) {
    char error[JT_TEXT_MAX];
    const struct jt_module *doubtful = jt_modules_doubt(target);
    if (doubtful == NULL) {
        return status;
    }
    snprintf(error, sizeof error, "%s",
             status == JT_OK ? "nothing decodes with --layout" : target->error);
    target->jemalloc = NULL;
    target->version_string[0] = target->root_name[0] = target->prefix[0] = 0;
    memset(target->source, 0, sizeof target->source);
    target->candidates = target->roots = 0;
    target->priv->learnt->roots_done = target->priv->learnt->roots_hidden = false;
    *evidence = (struct jt_evidence){.options = evidence->options};
    if (learn_heap(target, evidence) == JT_OK) {
        jt_warn(target,
                "there is no build-id to compare %s with, and it does not fit the heap: it is not "
                "used",
                doubtful->file);
        target->error[0] = 0;
        return JT_OK;
    }
    return jt_fail(target, status == JT_OK ? JT_NO_LAYOUT : status,
                   "%.*s; there is no build-id to compare %.200s with: if it is another build than "
                   "what ran, give the right one with --exe or --sysroot",
                   JT_NESTED_MAX, error, doubtful->file);
}

static enum jt_status learn_target(struct jt_target *target, const struct jt_options *options) {
    struct jt_evidence evidence = {.options = options};
    if (jt_is_skeleton(target)) {
        return jt_skeleton_open(target, &evidence);
    }
    enum jt_status status = learn_heap(target, &evidence);
    return fits_nothing(target, options, status) ? learn_without(target, &evidence, status)
                                                 : status;
}

static bool is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static enum jt_status open_all(struct jt_target *target, const struct jt_options *options,
                               const struct jt_bytes *bytes) {
    if (options->target == NULL) {
        return jt_fail(target, JT_USAGE, "no target: a process id or a core file is needed");
    }
    if (options->sysroot != NULL && !is_folder(options->sysroot)) {
        return jt_fail(target, JT_USAGE, "--sysroot %s: there is no such folder", options->sysroot);
    }
    enum jt_status status = open_memory(target, options, bytes);
    if (status == JT_OK && options->still && target->kind == JT_PROCESS) {
        status = jt_hold(target);
    }
    if (options->sysroot != NULL) {
        jt_sysroot_start(target, options->sysroot);
    }
    if (status == JT_OK && jt_is_skeleton(target)) {
        jt_core_count(target);
    } else if (status == JT_OK) {
        status = open_modules(target, options->exe);
    }
    limit_walks(target);
    bool threads = options->threads || target->priv->stands; /* of what stands still they tell */
    if (threads && target->kind == JT_PROCESS && !jt_is_still(target)) {
        jt_threads_read(target);
    }
    jt_mapped_start(target);
    if (status == JT_OK) {
        status = learn_target(target, options);
    }
    if (status == JT_OK) {
        jt_root_choose(target);
    }
    jt_sysroot_end(target);
    return status;
}

/* A target with its private part and the state of all layers, allocated together. */
struct whole {
    struct jt_target target;
    struct jt_private priv;
    struct jt_layers layers;
};

void jt_layers_join(struct jt_private *priv, struct jt_layers *layers) {
    priv->source = &layers->source;
    priv->learnt = &layers->learnt;
    priv->base = &layers->base;
    priv->skeleton = &layers->skeleton;
}

static struct jt_target *new_target(void) {
    struct whole *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return NULL;
    }
    jt_layers_join(&w->priv, &w->layers);
    w->target.priv = &w->priv;
    return &w->target;
}

static enum jt_status open_target(const struct jt_options *options, const struct jt_bytes *bytes,
                                  struct jt_target **out) {
    struct jt_target *target = new_target();
    *out = target;
    if (target == NULL) {
        return JT_UNREADABLE;
    }
    struct jt_private *priv = target->priv;
    elf_version(EV_CURRENT);
    priv->mem_fd = priv->core_fd = -1;
    priv->source->files = bytes != NULL ? &bytes->files : &jt_files_here;
    priv->words = sizeof(void *); /* until the target says otherwise */
    priv->little_endian = *(const uint8_t *)&(const uint16_t){1} == 1;
    priv->watch = options->watch;
    priv->watch_arg = options->watch_arg;
    priv->source->version_told = options->layout != NULL;
    target->heap.limits = options->limits;
    enum jt_status status = open_all(target, options, bytes);
    if (target->memory_ran_out) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    if (jt_ended(target) && status != JT_OK) { /* the failure may only follow from that */
        return jt_fail(target, JT_UNREADABLE,
                       "process %d ended while it was read, or runs another program now",
                       target->pid);
    }
    if (priv->given_up) { /* also then the failure may only follow from that */
        return jt_fail(target, JT_INCOMPLETE,
                       "the time was over before the target was opened, while %s", priv->doing);
    }
    priv->opened = true;
    if (status == JT_OK && jh_plan_make(&target->layout, &target->plan, NULL) == JH_OK) {
        target->heap.plan = &target->plan;
    }
    return status;
}

enum jt_status jt_open(const struct jt_options *options, struct jt_target **out) {
    return open_target(options, NULL, out);
}

enum jt_status jt_open_bytes(const struct jt_options *options, const struct jt_bytes *bytes,
                             struct jt_target **out) {
    return open_target(options, bytes, out);
}

void jt_close(struct jt_target *target) {
    if (target == NULL) {
        return;
    }
    struct jt_private *p = target->priv;
    jt_samples_free(target);
    jt_roots_close(target);
    jt_modules_close(target);
    jt_process_close(target);
    jt_core_close(target);
    for (size_t i = 0; i < target->warnings; i++) {
        free(target->warning[i]);
    }
    for (size_t i = 0; i < p->mappings; i++) {
        free(p->mapping[i].path);
    }
    free(target->warning);
    free(p->mapping);
    free(p->mapped);
    free(p->load);
    jt_ranges_free(&p->code);
    jt_ranges_free(&p->writable);
    jt_ranges_free(&p->readable);
    free(p->segment);
    free(p->base->block);
    free(p->base->arenas.arena);
    jt_ranges_free(&p->base->written);
    free(p->base->range);
    jt_caches_free(target);
    jt_hands_free(target);
    free(p->skeleton->broken);
    free(p->thread);
    free(target);
}
