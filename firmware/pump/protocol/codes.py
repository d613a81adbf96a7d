"""When two codes of bags are the same to an eye: O and 0, I, l and 1, capital and small letters, blanks or none.

One small rule for pump and laptop. A code is bytes, as a scanner sends it and the compiled protocol holds it.
"""

FIRST, LAST = 33, 126  # of the characters that the pump can show, the blank aside


def folded(code):
    """The code as an eye sees it: no blanks, capitals, 0 for O, 1 for I and l."""
    out = bytearray()
    for c in code:
        if c <= 32:  # blanks, and what a scanner puts around a code
            continue
        if 97 <= c <= 122:
            c -= 32
        if c == 79:
            c = 48  # O, 0
        elif c in (73, 76):
            c = 49  # I, l, 1; a small L is no other letter than a large one
        out.append(c)
    return bytes(out)


def alike(a, b):
    """True where people, or a scanner, may take one code for the other."""
    return folded(a) == folded(b)


def can_show(code):
    """True where the pump's screen has every character of the code, and one at least is no blank."""
    for c in code:
        if c != 32 and not FIRST <= c <= LAST:
            return False
    return len(folded(code)) > 0
