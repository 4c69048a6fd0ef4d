/* Target functions: none. What an engine does in a second with a target that does nothing is what
 * the other targets' executions per second are compared with. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    (void)data, (void)size;
    return 0;
}
