#include "options.h"
void command_completion(struct cli *cli) {
    (void)cli;
}
void command_manual(struct cli *cli) {
    (void)cli;
}
