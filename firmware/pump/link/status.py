"""What the pump says of itself on the host line: HELLO_REPLY, STATUS and STATS, from the controller's rooms."""

import struct

from pump.base.compat import micropython
from pump.link.frames import HEAD
from pump.senses.trend import of_pulse, of_spo2
from pump.tables import messages as m
from pump.tables.lines import AS_SET
from pump.tables.searches import NEVER
from pump.tables.settings import OXIMETER
from pump.tables.verdicts import GOOD
from pump.tables.vitals import VALID

_HELLO = m.HELLO_REPLY[1]
_STATUS = m.STATUS[1]
_STATS = m.STATS[1]
_HEARD = m.HEARD[1]
_HELLO_SIZE, _STATUS_SIZE, _STATS_SIZE = struct.calcsize(_HELLO), struct.calcsize(_STATUS), struct.calcsize(_STATS)
_HEARD_SIZE = struct.calcsize(_HEARD)
_CLOCK = m.CLOCK[1]
_CLOCK_SIZE = struct.calcsize(_CLOCK)
_CHALLENGE = m.CHALLENGE[1]
_CHALLENGE_SIZE = struct.calcsize(_CHALLENGE)
_CHECK = m.CHECK[1]
_CHECK_SIZE = struct.calcsize(_CHECK)
PER_MILLE = 1000
_SMALL = 1 << 20  # a count below this times 1000 stays a small integer


def fill(kind, buf, pump, wanted):
    """Writes the payload of what was asked for, by its type, to buf[HEAD:]; returns its length. `wanted`: which one."""
    if kind == m.STATUS[0]:
        return fill_status(buf, pump)
    if kind == m.HELLO_REPLY[0]:
        return fill_hello(buf, pump)
    if kind == m.HEARD[0]:
        return fill_heard(buf, pump, wanted)
    if kind == m.CLOCK[0]:
        return fill_clock(buf, pump)
    if kind == m.CHALLENGE[0]:
        return fill_challenge(buf, pump.link.auth)
    if kind == m.CHECK[0]:
        return fill_check(buf, pump, wanted)
    return fill_stats(buf, pump)


def fill_hello(buf, pump):
    """Writes the HELLO_REPLY payload to buf[HEAD:]; returns its length."""
    version, build, git = pump.link.build
    settings = pump.settings
    struct.pack_into(
        _HELLO, buf, HEAD, m.CONTRACT, version, build, git, pump.fingerprint, pump.mode(),
        settings.values[OXIMETER], settings.begun[OXIMETER], not settings.due,
    )  # fmt: skip
    return _HELLO_SIZE


@micropython.native
def _flags(pump):
    session = pump.session
    flags = m.FLAG_FLOW if pump.delivery.flowing else 0
    if pump.guard.permit:
        flags |= m.FLAG_PERMIT
    if session.case.plan:
        flags |= m.FLAG_LOADED
    if pump.bench:
        flags |= m.FLAG_BENCH
    if pump.alarms.paused_ms > 0:
        flags |= m.FLAG_SILENCED
    if session.may_resume():
        flags |= m.FLAG_RESUMABLE
    if session.question.second:
        flags |= m.FLAG_CONFIRM
    if pump.checks.pending:
        flags |= m.FLAG_TESTING
    return flags


def loss_permille(parser):
    """Bytes and packets of the oximeter thrown away, per thousand packets (at most 65534)."""
    rejected, samples = parser.rejected, max(parser.samples, 1)
    while rejected >= _SMALL:
        rejected >>= 1
        samples >>= 1
    return min(rejected * PER_MILLE // max(samples, 1), m.NONE16 - 1)


@micropython.native
def fill_status(buf, pump):
    """Writes the STATUS payload to buf[HEAD:]; returns its length."""
    session, vitals, alarms = pump.session, pump.vitals, pump.alarms
    case, progress, question = session.case, session.progress, session.question
    quality, trend = vitals.quality(), vitals.trend
    spo2 = vitals.spo2 if quality else m.NONE8  # what is old looks like no reading of now
    pulse = vitals.pulse if quality else m.NONE16
    flags = vitals.flags if quality else vitals.flags & ~VALID
    sure = quality == GOOD
    count = case.plan.count if case.plan else 0
    struct.pack_into(
        _STATUS, buf, HEAD, session.state, progress.step + 1 if count else 0, count, case.solution(), progress.cause,
        question.kind, question.shown, question.choices, progress.hung & m.NONE8, alarms.top, alarms.priority,
        _flags(pump), session.rate_e4(), progress.done, progress.target, progress.total, pump.pl_pulse,
        progress.step_ms, pump.t_s, pump.t_ms, spo2, flags, pulse, loss_permille(pump.parser),
        pump.journal.seq, pump.oximeter.stream, quality, of_spo2(spo2, vitals) if sure else quality,
        of_pulse(pulse, vitals) if sure else quality, vitals.age_ms, vitals.baseline, trend.lowest,
        of_spo2(trend.lowest, vitals), trend.goes, trend.minute, trend.before, session.check,
    )  # fmt: skip
    return _STATUS_SIZE


def fill_heard(buf, pump, row):
    """Writes the HEARD payload of a row of tables.lines to buf[HEAD:]; returns its length. Nothing before a search."""
    search = pump.oximeter.search
    if search is None:
        struct.pack_into(_HEARD, buf, HEAD, row, AS_SET, NEVER, 0, 0, 0, 0)
        return _HEARD_SIZE
    came = search.bytes[row]
    struct.pack_into(
        _HEARD, buf, HEAD, row, search.line, search.stands, search.fits[row], came, search.broken[row],
        search.took_ms[row],
    )  # fmt: skip
    first = search.first[row]
    count = min(came, len(first))
    for i in range(count):
        buf[HEAD + _HEARD_SIZE + i] = first[i]
    return _HEARD_SIZE + count


def fill_clock(buf, pump):
    """Writes the CLOCK payload to buf[HEAD:]; returns its length."""
    wall = pump.wall
    struct.pack_into(_CLOCK, buf, HEAD, max(wall.said_s, 0), wall.why, wall.era, pump.t_s)
    return _CLOCK_SIZE


def fill_challenge(buf, auth):
    """Writes the CHALLENGE payload to buf[HEAD:]; returns its length. `auth`: link.authentication."""
    struct.pack_into(_CHALLENGE, buf, HEAD, auth.asked, auth.nonce, auth.count(), auth.wait_s)
    return _CHALLENGE_SIZE


def fill_check(buf, pump, row):
    """Writes the CHECK payload of a row of tables.checks to buf[HEAD:]; returns its length."""
    checks = pump.checks
    verdict, age_s = checks.verdicts[row], min(pump.t_s - checks.at_s[row], m.NONE16 - 1)
    struct.pack_into(_CHECK, buf, HEAD, row, verdict, checks.values[row], age_s if verdict else m.NONE16)
    return _CHECK_SIZE


def fill_stats(buf, pump):
    """Writes the STATS payload to buf[HEAD:]; returns its length."""
    s = pump.stats
    s[6] = pump.link.receiver.bad
    s[9] = pump.parser.rejected
    struct.pack_into(_STATS, buf, HEAD, s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9])
    return _STATS_SIZE
