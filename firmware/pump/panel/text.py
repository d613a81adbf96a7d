"""Numbers and words into a line of the screen without allocation: 16 characters, ASCII, in a bytearray."""

from pump.base.compat import micropython, ptr8

WIDTH = 16
BLANK = 32
assert (WIDTH, BLANK) == (16, 32), "as the viper code below has them: there a name is looked up each time"
_EXACT = 1 << 23  # 128 times this is still a small integer


@micropython.viper
def clear(line: ptr8):
    """Blanks a line."""
    for i in range(16):
        line[i] = 32


@micropython.viper
def words(line: ptr8, at: int, text) -> int:
    """Writes bytes `text` from column `at`, cut at the edge; returns the next column."""
    source = ptr8(text)
    end = at + int(len(text))
    if end > 16:
        end = 16
    first = at
    while at < end:
        line[at] = source[at - first]
        at += 1
    return at


@micropython.native
def number(line, at, value):
    """Writes a non-negative integer; returns the next column."""
    size = 1
    limit = 10
    while value >= limit:
        size += 1
        limit *= 10
    end = at + size
    for i in range(end - 1, at - 1, -1):
        if i < WIDTH:
            line[i] = 48 + value % 10
        value //= 10
    return end


@micropython.native
def fraction(line, at, value, digits):
    """Writes a point and `value` as so many digits, without the zeros at the end; returns the next column."""
    while digits > 1 and value % 10 == 0:
        value //= 10
        digits -= 1
    if not value:
        return at
    if at < WIDTH:
        line[at] = 46
    for i in range(at + digits, at, -1):
        if i < WIDTH:
            line[i] = 48 + value % 10
        value //= 10
    return at + digits + 1


@micropython.native
def share(part, whole, of):
    """How many `of`-ths (at most 100) of `whole` the `part` is, rounded down; no product passes 30 bits."""
    while whole >= _EXACT:
        part >>= 1
        whole >>= 1
    return part * of // whole


@micropython.native
def rate(line, at, rate_e4):
    """Writes a rate in mL/h, exactly (4.6875); returns the next column."""
    return fraction(line, number(line, at, rate_e4 // 10_000), rate_e4 % 10_000, 4)
