"""The pump's keys: their names, in the order of their bits in pump.io, and as they are printed on them."""

KEYS = ("start", "confirm", "silence", "up", "down", "stop")


def key_code(bits: int) -> str | None:
    """The keys of a press as a code: "start", or "start+stop" for two at once; None for none."""
    names = [name for bit, name in enumerate(KEYS) if bits >> bit & 1]
    return "+".join(names) or (f"{bits}" if bits else None)


def is_key_code(code: str) -> bool:
    """Whether a code names keys."""
    return all(name in KEYS for name in code.split("+"))


def key_words(code: str | None) -> str:
    """A press's code as it is printed on the keys."""
    return code.upper().replace("+", " and ") if code else "a button"
