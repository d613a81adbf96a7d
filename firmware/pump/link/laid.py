"""How a recording's bytes are laid into its buffers, and how things stand, in bytes (pump.link.inputs)."""

from pump.base.compat import micropython, ptr8
from pump.base.copying import copy

STAND = "<BBBBBBBBBHHIII"
STAND_FIELDS = "state step cause alarm priority question spo2 quality trip pulse screen rate_e4 total t_s"


@micropython.viper
def append(ring: ptr8, data: ptr8, at: int, sizes: int):
    """`sizes`: bytes << 16 | the ring's mask (a viper function takes four arguments at the most)."""
    mask = sizes & 0xFFFF
    for i in range(sizes >> 16):
        ring[(at + i) & mask] = data[i]


@micropython.viper
def fetch(data: ptr8, ring: ptr8, at: int, sizes: int):
    mask = sizes & 0xFFFF
    for i in range(sizes >> 16):
        data[19 + i] = ring[(at + i) & mask]


@micropython.viper
def sum_of(data: ptr8, n: int, a: int) -> int:
    """A sum over bytes that goes on from `a`, in which their places count; below 2**16. One byte that is another
    changes the last eight bits of it and of all that go on from it: 31 has an inverse."""
    for i in range(n):
        a = (a * 31 + int(data[i])) & 0xFFFF
    return a


@micropython.native
def word(buf, at, value):
    """Four bytes, low byte first; of a negative number its last 32 bits."""
    buf[at] = value & 255
    buf[at + 1] = value >> 8 & 255
    buf[at + 2] = value >> 16 & 255
    buf[at + 3] = value >> 24 & 255
    return at + 4


@micropython.native
def run(work, n, data, count):
    work[n] = count
    copy(work, n + 1, data, 0, count)
    return n + 1 + count


@micropython.native
def words(out, work, n):
    """How many pulses are queued, and how long all words take."""
    pulses = took_us = 0
    for k in range(out.words):
        count, each_us = out.word_count[k], out.word_us[k]
        pulses += count
        took_us += count * each_us if count else each_us
    n = word(work, n, took_us) - 1
    work[n] = pulses & 255
    work[n + 1] = pulses >> 8 & 255
    return n + 2


@micropython.native
def stand(pump, work, n):
    """How things stand: STAND names the fields."""
    session, alarms, vitals = pump.session, pump.alarms, pump.vitals
    progress = session.progress
    work[n] = session.state
    work[n + 1] = progress.step & 255
    work[n + 2] = progress.cause
    work[n + 3] = alarms.top & 255
    work[n + 4] = alarms.priority
    work[n + 5] = session.question.kind
    work[n + 6] = vitals.spo2 & 255
    work[n + 7] = vitals.quality()
    work[n + 8] = pump.guard.trip & 255
    n = word(work, n + 9, vitals.pulse) - 2
    n = word(work, n, sum_of(pump.display.lines, 64, 1)) - 2
    return word(work, word(work, word(work, n, session.rate_e4()), progress.total), pump.t_s)
