#include "internal.h"

const char *jh_status_name(enum jh_status status) {
    switch (status) {
    case JH_OK:
        return "ok";
    case JH_END:
        return "end";
    case JH_ABSENT:
        return "absent";
    case JH_READ_FAILED:
        return "read failed";
    case JH_CORRUPT:
        return "corrupt";
    case JH_UNSUPPORTED:
        return "unsupported";
    case JH_LIMIT:
        return "limit";
    case JH_BAD_ARG:
        return "bad argument";
    }
    return "?";
}

const char *jh_stage_name(enum jh_stage stage) {
    static const char *const name[] = {"reader", "layout", "rtree", "leaf",
                                       "extent", "slab",   "arena", "cache"};
    return (unsigned)stage < sizeof(name) / sizeof(name[0]) ? name[stage] : "?";
}
