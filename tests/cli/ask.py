#!/usr/bin/env python3
"""Questions of the command-line tests about JSON and about what a witness wrote down.

A question that is answered with no ends with exit status 1 and the reason as the last line of
stderr.
"""

import json
import struct
import sys

EXTENT_KEYS = (
    "extent addr base size bsize esn usize arena_ind slab committed dumpable pai zeroed guarded "
    "state szind nfree nregs bin_shard is_head pinned sn bits"
).split()


class No(Exception):
    pass


def lines(path):
    """Each line of a file as JSON."""
    result = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                result.append(json.loads(line))
            except ValueError as error:
                raise No(f"line {number} is no JSON: {error}: {line[:80]!r}") from error
    return result


def truth(path, *words):
    """The facts with one of these words, numbers as numbers."""
    facts = {word: [] for word in words}
    with open(path, encoding="utf-8") as file:
        for line in file:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word in facts:
                facts[word].append(dict(value(pair) for pair in rest.split(" ")))
    return [facts[word] for word in words]


def value(pair):
    key, _, text = pair.partition("=")
    return key, int(text, 16) if text.startswith("0x") else text


def spread(sequence, count):
    step = max(1, len(sequence) // count)
    return sequence[::step][:count]


def expect(what, seen, expected):
    if seen != expected:
        raise No(f"{what} is {seen!r}, not {expected!r}")


# ---- caches --------------------------------------------------------------------------------------


def caches(said_path, caches_path, answers_path):
    """What caches.c said, `caches --addresses` and `find` of all its regions."""
    threads, regions, parked = {}, [], {}
    with open(said_path, encoding="utf-8") as file:
        for words in map(str.split, file):
            if words[0] == "thread":
                threads[words[1]] = int(words[2])
            elif words[0] in ("live", "cached"):
                regions.append(words)
                parked.setdefault(words[1], [])[:0] = [words[3]] if words[0] == "cached" else []
    at = {}
    for cache in lines(caches_path):
        name = next((n for n, t in threads.items() if t == cache["thread"]), "explicit")
        bins = [b for b in cache["bins"] if b["ncached"] != 0]
        at[name] = cache["cache"]
        expect(f"{name}: kind", cache["kind"], "explicit" if name == "explicit" else "thread")
        expect(f"{name}: what is parked", [b["addrs"] for b in bins], [parked[name]])
        expect(f"{name}: count", cache["count"], len(parked[name]))
        expect(f"{name}: bytes", cache["bytes"], len(parked[name]) * bins[0]["size"])
        if name == "second" and cache["thread_name"] is not None:  # a core has no names
            expect(f"{name}: thread_name", cache["thread_name"], "second \x1b[31m")
    expect("the caches", sorted(at), sorted(parked))
    for (state, name, _, addr), answer in zip(regions, lines(answers_path)):
        expect("the address of the answer", answer["addr"], addr)
        expect(f"{addr} of {name}: state", answer["state"], state)
        tcache = answer["tcache"]
        expect(f"{addr} of {name}: cache", tcache and tcache["cache"],
               at[name] if state == "cached" else None)
        if tcache:
            expect(f"{addr}: thread", tcache["thread"], threads.get(name))
            expect(f"{addr}: szind", tcache["szind"], answer["szind"])
            expect(f"{addr}: stashed", tcache["stashed"], False)


# ---- find ----------------------------------------------------------------------------------------


def pointers(path):
    """About 200 addresses of all kinds."""
    allocations, cached, addresses = truth(path, "allocation", "cached", "address")
    chosen = []
    for a in spread(allocations, 40):
        last = a["addr"] + a["usable"] - 1
        chosen += [a["addr"], a["addr"] + a["usable"] // 2, last]
    chosen += [c["addr"] for c in spread(cached, 20)]
    for kind, count in (("freed", 40), ("metadata", 15), ("unmapped", 4), ("non-canonical", 8)):
        chosen += [a["addr"] for a in spread([a for a in addresses if a["kind"] == kind], count)]
    return chosen


def check_not_owned(answer, kind):
    whys = {"metadata": ["metadata"], "unmapped": ["unmapped", "null"]}
    what = f"{answer['addr']} ({kind})"
    expect(f"{what}: owned", answer["owned"], False)
    if answer["why"] not in whys.get(kind, [kind]):
        raise No(f"{what}: why is {answer['why']!r}")
    expect(f"{what}: extent", answer["extent"], None)


def check_allocation(answer, allocation, offset):
    what = answer["addr"]
    expect(f"{what}: owned", answer["owned"], True)
    expect(f"{what}: start", int(answer["start"], 16), allocation["addr"])
    expect(f"{what}: size", answer["size"], allocation["usable"])
    expect(f"{what}: offset", answer["offset"], offset)
    expect(f"{what}: state", answer["state"], "live")
    expect(f"{what}: tcache", answer["tcache"], None)
    if "arena" in allocation:
        expect(f"{what}: arena_ind", answer["arena_ind"], allocation["arena"])


def find(truth_path, answers_path):
    """Answers to pointers() against the truth."""
    allocations, cached, addresses, extents, slabs = truth(
        truth_path, "allocation", "cached", "address", "extent", "slab"
    )
    starts = {a["addr"]: a for a in allocations}
    inside = {}
    for a in allocations:
        for offset in (0, a["usable"] // 2, a["usable"] - 1):
            inside.setdefault(a["addr"] + offset, (a, offset))
    held = {s["extent"]: s["held"] for s in slabs}
    extent_at = {e["at"]: e for e in extents}
    parked = {c["addr"]: c["szind"] for c in cached}
    kinds = {a["addr"]: a["kind"] for a in addresses}
    seen = {"allocation": 0, "cached": 0, "freed": 0, "metadata": 0, "unmapped": 0,
            "non-canonical": 0}
    answers = lines(answers_path)
    asked = pointers(truth_path)
    expect("the number of answers", len(answers), len(asked))
    for addr, answer in zip(asked, answers):
        expect("the address of the answer", int(answer["addr"], 16), addr)
        if addr in inside:
            check_allocation(answer, *inside[addr])
            seen["allocation"] += 1
        elif addr in parked:
            expect(f"{answer['addr']} (cached): state", answer["state"], "cached")
            expect(f"{answer['addr']} (cached): offset", answer["offset"], 0)
            expect(f"{answer['addr']} (cached): szind", answer["tcache"]["szind"], parked[addr])
            seen["cached"] += 1
        elif kinds[addr] == "freed":
            check_freed(answer, extent_at, held, parked)
            seen["freed"] += 1
        else:
            check_not_owned(answer, kinds[addr])
            seen[kinds[addr]] += 1
    if len(starts) == 0 or min(seen.values()) == 0:
        raise No(f"not all kinds were asked for: {seen}")


def check_freed(answer, extent_at, held, parked):
    """A freed region may be free, in a cache, given out again, or its extent may be unused."""
    what = f"{answer['addr']} (freed)"
    extent = extent_at[int(answer["extent"]["extent"], 16)]
    use = "cached" if answer["owned"] and int(answer["start"], 16) in parked else "live"
    if answer["owned"] and answer["slab"]:
        index = answer["region_index"]
        taken = int(held[extent["at"]][index // 4], 16) >> index % 4 & 1
        expect(f"{what}: state", answer["state"], use if taken else "free")
    elif answer["owned"]:
        words = {0: [use], 1: ["dirty"], 2: ["muzzy"], 3: ["retained"]}
        if answer["state"] not in words[extent["state"]]:
            raise No(f"{what}: state is {answer['state']!r}, jemalloc says {extent['state']}")
    else:
        # In an allocation that starts at random in its first page.
        if answer["why"] not in ("before the allocation", "beyond the usable size"):
            raise No(f"{what}: why is {answer['why']!r}")


# ---- extents -------------------------------------------------------------------------------------

FILTERS = {
    "all": lambda e, argument: True,
    "arena": lambda e, argument: e["arena_ind"] == int(argument),
    "state": lambda e, argument: e["word"] == argument,
    "szind": lambda e, argument: e["szind"] == int(argument),
    "min-size": lambda e, argument: e["size"] >= int(argument),
    "slab": lambda e, argument: e["is_slab"],
}


def true_extents(path):
    extents, constants, slabs = truth(path, "extent", "constant", "slab")
    word = {
        c["value"]: c["name"][len("STATE_"):].lower()
        for c in constants
        if c["name"].startswith("STATE_")
    }
    slabs = {s["extent"] for s in slabs}
    for e in extents:
        e["word"] = word[e["state"]]
        e["is_slab"] = e["at"] in slabs
    return extents


def compare_extent(seen, e):
    what = f"extent {seen['extent']}"
    expect(f"{what}: missing keys", [k for k in EXTENT_KEYS if k not in seen], [])
    for key in ("addr", "base", "bits"):
        expect(f"{what}: {key}", seen[key], hex(e[key]))
    expect(f"{what}: state", seen["state"], e["word"])
    for key in ("size", "bsize", "esn", "arena_ind", "szind", "nfree", "bin_shard", "sn"):
        expect(f"{what}: {key}", seen[key], e.get(key))
    for key in ("slab", "committed", "dumpable", "zeroed", "guarded", "is_head", "pinned"):
        expect(f"{what}: {key}", seen[key], None if key not in e else bool(e[key]))
    expect(f"{what}: pai", seen["pai"], {None: None, 0: "pac", 1: "hpa"}[e.get("pai")])
    if e["word"] == "active":
        expect(f"{what}: usize", seen["usize"], e["usize"])
    if e["is_slab"] != (seen["nregs"] is not None):
        raise No(f"{what}: nregs is {seen['nregs']!r}")


def extents(truth_path, answers_path, *filters):
    """Extents against the truth: the same ones, each once. Filters: name or name=argument."""
    expected = true_extents(truth_path)
    total = len(expected)
    for text in filters:
        name, _, argument = text.partition("=")
        expected = [e for e in expected if FILTERS[name](e, argument)]
    if not expected or (filters and len(expected) == total):
        raise No(f"{filters} says nothing here: {len(expected)} of {total}")
    expected = {e["at"]: e for e in expected}
    answers = lines(answers_path)
    for seen in answers:
        at = int(seen["extent"], 16)
        if at not in expected:
            raise No(f"extent {seen['extent']} is one too many, or not asked for")
        compare_extent(seen, expected.pop(at))
    if expected:
        raise No(f"{len(expected)} extents are missing, among them {hex(min(expected))}")


def row_of(e):
    """The line for people of what is a line for programs."""
    szind = e["szind"] if e["allocated"] else "-"
    regions = "-" if e["nregs"] is None else f"{e['nfree']}/{e['nregs']}"
    kind = "slab" if e["is_slab"] else "large" if e["allocated"] else "-"
    flags = "".join(letter if holds else "-" for letter, holds in (
        ("C", e["committed"]), ("Z", e["zeroed"]), ("G", e["guarded"]), ("H", e["is_head"]),
        ("P", e["pai"] == "hpa")))
    return (f"{e['extent']:14} {e['addr']:14} {e['size']:12} {e['state']:8} {kind:5} "
            f"{e['arena_ind']:5} {szind:>5} {regions:>8} {flags}")


def rows(json_path, text_path):
    """`extents` twice: each line of JSON is as short as it can be, and each row says the same."""
    extents_ = lines(json_path)
    with open(json_path, encoding="utf-8") as file:
        for line, e in zip(file, extents_):
            expect("a line", line, json.dumps(e, ensure_ascii=False, separators=(",", ":")) + "\n")
    with open(text_path, encoding="utf-8") as file:
        text = file.read().splitlines()[1:]
    expect("the number of rows", len(text), len(extents_))
    for row, e in zip(text, extents_):
        expect("a row", row, row_of(e))


# ---- the rest ------------------------------------------------------------------------------------


def walk_keys(value_, path):
    for part in path.split("."):
        if isinstance(value_, list):
            value_ = value_[int(part)]
        elif part in value_:
            value_ = value_[part]
        else:
            raise No(f"there is no {part} of {path}")
    return value_


def show(value_):
    return value_ if isinstance(value_, str) else json.dumps(value_, separators=(",", ":"))


def get(path, *keys):
    """The value of a.b.0.c in the only document of a file, one line for each."""
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    for key in keys:
        print(show(walk_keys(document, key)))


def are(path, *pairs):
    """key=value, for all of them; the value as JSON without blanks, or as plain text."""
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    for pair in pairs:
        key, _, expected = pair.partition("=")
        expect(key, show(walk_keys(document, key)), expected)


def listed(path, number, chosen):
    """So many roots, all with a module, a version and extents, of which this one is chosen."""
    with open(path, encoding="utf-8") as file:
        roots = json.load(file)["roots"]
    expect("the number of roots", len(roots), int(number))
    expect("what is chosen", [r["root"] for r in roots if r["chosen"]], [chosen])
    for root in roots:
        if not (root["module"] and root["version"] and root["layout"] and root["extents"]):
            raise No(f"not all is known of a root: {root}")


def have(path, *keys):
    """All these keys are in every line of a file."""
    documents = lines(path)
    expect("the file is empty", not documents, False)
    for document in documents:
        for key in keys:
            walk_keys(document, key)


def bend(path, key, text):
    """Prints the document with one value replaced, or removed (text -)."""
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    *parents, last = key.split(".")
    holder = walk_keys(document, ".".join(parents)) if parents else document
    last = int(last) if isinstance(holder, list) else last
    if text == "-":
        del holder[last]
    else:
        holder[last] = json.loads(text)
    print(json.dumps(document))


def first(path, word, *pairs):
    """The first fact of that word with these values: all its keys, key=value."""
    for fact in truth(path, word)[0]:
        if all(fact.get(k) == v for k, v in map(value, pairs)):
            for key, seen in fact.items():
                print(f"{key}={hex(seen) if isinstance(seen, int) else seen}")
            return
    raise No(f"there is no {word} with {pairs}")


def count(path):
    print(len(lines(path)))


def notes_first(path, out):
    """A core as the kernel writes it: headers, notes, memory in the order of addresses, no more.

    gdb puts the notes last, so that of a core that was cut off there is nothing to go by.
    """
    with open(path, "rb") as file:
        core = bytearray(file.read())
    start, count = struct.unpack_from("<Q", core, 32)[0], struct.unpack_from("<H", core, 56)[0]
    struct.pack_into("<Q", core, 40, 0)  # no section headers
    struct.pack_into("<HH", core, 60, 0, 0)
    headers = [list(struct.unpack_from("<IIQQQQQQ", core, start + 56 * i)) for i in range(count)]
    headers.sort(key=lambda h: (h[0] != 4, h[3]))  # PT_NOTE, then by address
    place = 4096
    parts = []
    for header in headers:
        parts.append((place, core[header[2]:header[2] + header[5]]))
        header[2] = place
        place += -(-header[5] // 4096) * 4096
    struct.pack_into("<Q", core, 32, 64)
    with open(out, "wb") as file:
        file.write(core[:64])
        for header in headers:
            file.write(struct.pack("<IIQQQQQQ", *header))
        if file.tell() > 4096:
            raise No("too many program headers")
        for place, part in parts:
            file.seek(place)
            file.write(part)


def notes_of(core):
    """The notes of a 64-bit core: owner, type, what they say."""
    start, count = struct.unpack_from("<Q", core, 32)[0], struct.unpack_from("<H", core, 56)[0]
    for at in range(start, start + 56 * count, 56):
        kind, _, place, _, _, size = struct.unpack_from("<IIQQQQ", core, at)
        end = place + size if kind == 4 else 0
        while place + 12 <= end:
            name, desc, note = struct.unpack_from("<III", core, place)
            place += 12 + (name + 3) // 4 * 4
            yield core[place - (name + 3) // 4 * 4:][:name], note, core[place:place + desc]
            place += (desc + 3) // 4 * 4


def vmmap(files):
    """Entries as FreeBSD's kernel packs them (struct kinfo_vmentry), of what NT_FILE says."""
    count, unit = struct.unpack_from("<QQ", files)
    rows = [struct.unpack_from("<QQQ", files, 16 + 24 * i) for i in range(count)]
    names = files[16 + 24 * count:].split(b"\0")
    entries = struct.pack("<i", 1160)
    for (start, end, page), name in zip(rows, names):
        size = -(-(136 + len(name) + 1) // 8) * 8
        may = 5 if page else 1  # all but a file's first part may be executed
        entry = struct.pack("<iiQQQQIiiii", size, 2, start, end, page * unit, 0, 0, 0, 0, 0, may)
        entries += entry.ljust(136, b"\0")
        entries += name.ljust(size - 136, b"\0")
    return entries


def prstatus(linux):
    """What FreeBSD notes of a thread on amd64: registers in its own order, and a name."""
    word = struct.unpack_from("<27Q", linux, 112)  # struct user_regs_struct
    order = (0, 1, 2, 3, 6, 7, 8, 9, 14, 13, 4, 5, 12, 11, 10)
    registers = struct.pack("<15QIHHIHHQQQQQ", *(word[i] for i in order), 0, 0, 0, 0, 0, 0,
                            word[16], word[17], word[18], word[19], word[20])
    thread = struct.unpack_from("<i", linux, 32)[0]
    yield 1, struct.pack("<i4xQQQiii4x", 1, 224, 176, 512, 1400000, 6, thread) + registers
    yield 7, f"beast {thread}".encode().ljust(24, b"\0")


def freebsd(path, out):
    """A core as FreeBSD writes it: its notes, and its mark in the ELF header. Made after its headers;
    no core of a real one was at hand."""
    with open(path, "rb") as file:
        core = bytearray(file.read())
    said = {note: desc for owner, note, desc in notes_of(core) if owner == b"CORE\0"}
    auxv = [struct.unpack_from("<QQ", said[6], i) for i in range(0, len(said[6]), 16)]
    name = dict(auxv)[31]
    auxv = [(tag, value) for tag, value in auxv if tag <= 9] + [(15, name), (31, 0x1234), (0, 0)]
    process = struct.pack("<iii", 1088, 1088, 0) + bytes(64) + said[3][24:28]
    made = b""
    threads = [desc for owner, note, desc in notes_of(core) if owner == b"CORE\0" and note == 1]
    for note, desc in (*(part for thread in threads for part in prstatus(thread)), (8, process.ljust(1092, b"\0")), (10, vmmap(bytes(said[0x46494c45]))),
                       (16, struct.pack("<i", 16) + b"".join(struct.pack("<QQ", *x) for x in auxv))):
        made += struct.pack("<III", 8, len(desc), note) + b"FreeBSD\0"
        made += desc + bytes(-len(desc) % 4)
    start, count = struct.unpack_from("<Q", core, 32)[0], struct.unpack_from("<H", core, 56)[0]
    for at in range(start, start + 56 * count, 56):
        if struct.unpack_from("<I", core, at)[0] == 4:
            struct.pack_into("<Q", core, at + 8, len(core))
            struct.pack_into("<Q", core, at + 32, len(made))
    core[7] = 9
    with open(out, "wb") as file:
        file.write(core + made)


def relabel(path, out, extent, szind):
    """A 64-bit core in which compact leaf elements of that extent, of a class above 0, have another
    szind; "none" empties the first of them."""
    with open(path, "rb") as file:
        core = bytearray(file.read())
    words = memoryview(core)[:len(core) // 8 * 8].cast("Q")
    mine = [i for i, word in enumerate(words)
            if word >> 48 and word & 0xffffffffff80 == int(extent, 0)]
    if not mine:
        raise No(f"no leaf element has {extent}")
    for i in mine[:1] if szind == "none" else mine:
        words[i] = 0 if szind == "none" else words[i] & 0xffffffffffff | int(szind) << 48
    words.release()
    with open(out, "wb") as file:
        file.write(core)


def poke(path, out, addr, *words):
    """A 64-bit core with other words of 8 bytes from that address on."""
    with open(path, "rb") as file:
        core = bytearray(file.read())
    start, count = struct.unpack_from("<Q", core, 32)[0], struct.unpack_from("<H", core, 56)[0]
    for i in range(count):
        kind, _, offset, vaddr, _, saved, _, _ = struct.unpack_from("<IIQQQQQQ", core, start + 56 * i)
        if kind == 1 and vaddr <= int(addr, 0) < vaddr + saved:
            values = [int(word, 0) for word in words]
            struct.pack_into(f"<{len(words)}Q", core, offset + int(addr, 0) - vaddr, *values)
            with open(out, "wb") as file:
                file.write(core)
            return
    raise No(f"{addr} is not in the core")


def renumber(path, out, old, new):
    """A skeleton whose note of one type has another."""
    with open(path, "rb") as file:
        core = bytearray(file.read())
    at = -1
    while (at := core.find(b"JEHEAP\0", at + 1)) >= 12:
        if struct.unpack_from("<I", core, at - 4)[0] == int(old):
            struct.pack_into("<I", core, at - 4, int(new))
    with open(out, "wb") as file:
        file.write(core)


def without(path, *keys):
    """Each line without these keys."""
    for document in lines(path):
        print(json.dumps({k: v for k, v in document.items() if k not in keys}))


def many_segments(path, out, number):
    """A 64-bit core with so many more segments, of a page each and without bytes: more than e_phnum
    can say, so section 0 says it."""
    with open(path, "rb") as file:
        core = bytearray(file.read())
    start, count = struct.unpack_from("<Q", core, 32)[0], struct.unpack_from("<H", core, 56)[0]
    headers = core[start:start + 56 * count]  # a bytearray: bytes would be copied for each
    for i in range(int(number)):
        headers += struct.pack("<IIQQQQQQ", 1, 4, 0, 0x10000 + 0x2000 * i, 0, 0, 0x1000, 1)
    struct.pack_into("<QQ", core, 32, len(core), len(core) + len(headers))
    struct.pack_into("<HHHH", core, 56, 0xffff, 64, 1, 0)
    section = struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, count + int(number), 0, 0)
    with open(out, "wb") as file:
        file.write(core + headers + section)


QUESTIONS = {
    "poke": poke,
    "renumber": renumber,
    "relabel": relabel,
    "without": without,
    "many-segments": many_segments,
    "notes-first": notes_first,
    "pointers": lambda path: print("\n".join(map(hex, pointers(path)))),
    "find": find,
    "caches": caches,
    "extents": extents,
    "rows": rows,
    "get": get,
    "listed": listed,
    "are": are,
    "have": have,
    "bend": bend,
    "first": first,
    "freebsd": freebsd,
    "count": count,
}


def main():
    try:
        QUESTIONS[sys.argv[1]](*sys.argv[2:])
    except No as no:
        sys.exit(str(no))


if __name__ == "__main__":
    main()
