"""When two codes of bags are the same to an eye: O and 0, I, l and 1, capital and small letters, blanks or none.

One small rule for pump and laptop. A code is bytes, as a scanner sends it and the compiled protocol holds it.
"""

FIRST, LAST = 33, 126  # of the characters that the pump can show, the blank aside


def _as_seen(c):
    """A character as an eye sees it; 0 for a blank, and for what a scanner puts around a code."""
    if c <= 32:
        return 0
    if 97 <= c <= 122:
        c -= 32
    if c == 79:
        return 48  # O, 0
    return 49 if c in (73, 76) else c  # I, l, 1; a small L is no other letter than a large one


def folded(code):
    """The code as an eye sees it: no blanks, capitals, 0 for O, 1 for I and l."""
    return bytes([seen for seen in [_as_seen(c) for c in code] if seen])


def looks_like(code, shape):
    """True where the code folds to `shape`; allocates nothing, for codes may come without end."""
    at = 0
    for c in code:
        seen = _as_seen(c)
        if not seen:
            continue
        if at >= len(shape) or shape[at] != seen:
            return False
        at += 1
    return at == len(shape)


def alike(a, b):
    """True where people, or a scanner, may take one code for the other."""
    return folded(a) == folded(b)


def can_show(code):
    """True where the pump's screen has every character of the code, and one at least is no blank."""
    for c in code:
        if c != 32 and not FIRST <= c <= LAST:
            return False
    return len(folded(code)) > 0
