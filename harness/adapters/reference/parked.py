"""What lies in thread caches, by the note of a skeleton (FORMAT.md, sections 12.3 and 17)."""

from find import find
from outcome import Outcome, unsupported

HEADER, CACHE, BIN, REGION, FAULT = 5, 9, 6, 2, 9  # words of 8 bytes


class Parked:
    """bins: for each its class and the addresses that lie in it; faults: rule, address."""

    def __init__(self, core):
        notes = [text for owner, kind, text in core.notes if owner == b"JEHEAP" and kind == 5]
        if not notes:
            raise unsupported("the image does not say what lies in thread caches")
        self.text, self.order, self.at = notes[0], core.order, 0
        _, caches, bins, regions, faults = self.words(HEADER)
        self.at += 8 * CACHE * caches
        rows = [self.words(BIN) for _ in range(bins)]
        addresses = [self.words(REGION)[0] for _ in range(regions)]
        self.bins = []
        for row in rows:
            self.bins.append((row[1], addresses[:row[5]]))
            addresses = addresses[row[5]:]
        self.faults = [self.fault() for _ in range(faults)]

    def words(self, count):
        data = self.text[self.at:self.at + 8 * count]
        if len(data) < 8 * count:
            raise unsupported("the note of thread caches is cut off")
        self.at += 8 * count
        return [int.from_bytes(data[i:i + 8], self.order) for i in range(0, len(data), 8)]

    def fault(self):
        at = self.at
        words = self.words(FAULT)
        return self.text[at + 24:at + 8 * FAULT].rstrip(b"\0").decode(), words[1]


def check(tree):
    """Findings (rule, address) of what is parked."""
    parked = Parked(tree.core)
    findings, seen = list(parked.faults), set()
    for szind, addresses in parked.bins:
        for address in addresses:
            if address in seen:
                findings.append(("cache.parked-twice", address))
            seen.add(address)
            try:
                rule = broken_rule(find(tree, address), address, szind)
            except Outcome:
                continue  # that extent's own affair
            if rule:
                findings.append((rule, address))
    return findings


def broken_rule(place, address, szind):
    if not place["owned"] or int(place["start"], 16) != address or \
            place["state"] not in ("held", "free"):
        return "cache.no-region"
    if place["szind"] != szind:
        return "cache.szind"
    return "cache.parked-free" if place["state"] == "free" else None
