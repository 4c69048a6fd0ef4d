"""One bin of a thread cache (FORMAT.md, section 12.1)."""

from outcome import corrupt, unsupported

TURN = 1 << 16  # the ends of a stack are the low 16 bits of addresses
NONE = {"used": False, "ncached": 0, "ncached_max": None, "items": "0x0", "stashed": 0, "stash": "0x0"}
MOST = TURN  # far more than any option makes, where nobody says how many fit


def decode(layout, data, capacity):
    """capacity: how many fit by the table of the program; 0: not known."""
    structs = layout.given["structs"]
    form = structs.get("cache_bin_s") or structs.get("tcache_bin_s")
    if not form:
        raise unsupported("the layout has no cache_bin_s")
    members = form["members"]

    def get(name, size):
        at = members[name]
        return layout.number(data[at:at + size])

    if "stack_head" in members:
        return cursor(layout, get, "bin_info" in members, capacity)
    return counted(layout, get, capacity)


def counted(layout, get, capacity):
    """Up to 5.2.1."""
    avail = get("avail", layout.pointer)
    ncached, lowest = get("ncached", 4), get("low_water", 4)
    minus_one = (1 << 32) - 1
    if not avail:
        return {**NONE, "ncached_max": capacity or None}
    ncached = 0 if ncached == minus_one else ncached
    most = capacity or MOST
    if ncached > most or (lowest != minus_one and lowest > most):
        raise corrupt("cache.count", 0)
    return {**NONE, "used": True, "ncached": ncached, "ncached_max": capacity or None,
            "items": pointers(avail - layout.pointer * ncached, ncached)}


def cursor(layout, get, says_capacity, capacity):
    """From 5.3.0 on."""
    word = layout.pointer
    head = get("stack_head", word)
    empty, full = get("low_bits_empty", 2), get("low_bits_full", 2)
    parked, room = (empty - head) % TURN, (empty - full) % TURN
    lowest = (empty - get("low_bits_low_water", 2)) % TURN
    if not head or (not room and not capacity):
        if head and parked:
            raise corrupt("cache.count", 0)
        return dict(NONE)
    fits = (get("bin_info", 2) if says_capacity else capacity) or room // word
    if room % word or fits * word >= TURN or room // word > fits:
        raise corrupt("cache.capacity", 0)
    if parked > room or parked % word or lowest > room:
        raise corrupt("cache.count", 0)
    stashed = fits - room // word
    return {"used": True, "ncached": parked // word, "ncached_max": fits,
            "items": pointers(head, parked), "stashed": stashed,
            "stash": pointers(head + parked - word * fits, stashed)}


def pointers(address, count):
    """Where they are; 0 when there are none."""
    return hex(address & (1 << 64) - 1) if count else "0x0"
