"""The answers that are none (FORMAT.md, section 1)."""


class Outcome(Exception):
    """absent, corrupt, unsupported: with the rule that is broken and its address, where there is one."""

    def __init__(self, word, why="", rule=None, address=0):
        super().__init__(why or rule or word)
        self.word, self.rule, self.address = word, rule, address


def absent(address):
    return Outcome("absent", f"nothing is at {address:#x}", address=address)


def corrupt(rule, address):
    return Outcome("corrupt", f"{rule} at {address:#x}", rule, address)


def unsupported(why):
    return Outcome("unsupported", why)
