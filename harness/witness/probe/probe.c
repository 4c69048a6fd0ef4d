/* probe: the constants of one build as its headers give them, with no library built. The lines
 * constant and bin of TRUTH.md go to stdout, written by what writes them in the witness.
 *
 * One file that includes all it needs, because reading jemalloc's headers is most of the work.
 * Sources of jemalloc's are here for its tables (size classes, bins) and the functions that fill
 * them. Whatever else they call is left unresolved: only an assertion that fails would get there.
 */
#include "jemalloc/internal/jemalloc_preamble.h"
#include "jemalloc/internal/jemalloc_internal_includes.h"

#if __has_include("jemalloc/internal/sc.h") /* since 5.2: made at start, before that by a script   \
                                             */
#include "src/sc.c"
#include "src/sz.c"
#endif
#if __has_include("src/bin.c") /* since 5.1 */
#include "src/bin.c"
#else
#include "src/arena.c"
#endif
#if __has_include("src/bin_info.c") /* since 5.3 */
#include "src/bin_info.c"
#endif

#include "../constants.c"
#include "../structs.c"
#include "../truth.c"

#include <stdlib.h>

_Noreturn void die(const char *format, ...) {
    fprintf(stderr, "probe: %s\n", format);
    exit(1);
}

/* What malloc_init_hard_a0_locked() does about size classes and bins, with no option set. */
static void boot(void) {
#ifdef SC_NGROUP
    static sc_data_t sizes;
    static unsigned shards[SC_NBINS];
    sc_boot(&sizes);
    bin_shard_sizes_boot(shards);
#if FAM_EDATA
    sz_boot(&sizes, config_cache_oblivious);
    bin_info_boot(&sizes, shards);
#else
    sz_boot(&sizes);
    bin_boot(&sizes, shards);
#endif
#endif
}

int main(void) {
    static struct truth truth;
    boot();
    puts("truth 1");
    fflush(stdout);
    truth_start(&truth, stdout);
    constants_write(&truth);
    constants_write_bins(&truth);
    puts("end");
    return fflush(stdout) == 0 ? 0 : 1;
}
