"""The session in the FRAM: what a power cut may not take (INT-2). Where it lies: pump.store.entries.

The session as it stands and the guard's own account are one slot each, made in the same scan, with one number, and
written one after the other; what counts is the newest number that both have. So nothing that is read was ever true of
one channel alone. They are made anew with each state, first press, step and STEP_NL that flowed; while something is to
be decided they go before the log, so that no record tells of a decision that a power cut can take back.

The accounts of the bags are written at each decision, while nothing flows, and the protocol when it is loaded.
"""

import struct

from pump.base import crc
from pump.base.compat import micropython
from pump.guard.kept import NOW as GUARD_NOW_SIZE
from pump.guard.kept import TURN as GUARD_TURN_SIZE
from pump.guard.kept import mark_of
from pump.io import FRAM_SLOT, TRIES
from pump.session import recovered
from pump.store import entries
from pump.store.entries import GUARD_NOW, GUARD_TURN, HEAD, NOW, PROTOCOL, PROTOCOL_HEAD, TURN, VERSION, Entry
from pump.tables import recoveries
from pump.tables.states import FLOWS, GROUP, ON, OVER

FLOW_S, REST_S = 5, 30  # it is made anew so often at least
FAST_E4 = 4_000_000  # 0.0001 mL/h: from here on it is looked at in each other scan of the flow, else in each fourth
SLOW_MS = 80  # scans so long have room for all
_WAITED_MOST = 16  # scans: a place that cannot be written keeps nothing from the log
_AT = struct.calcsize(HEAD)
_END = FRAM_SLOT - crc.SIZE
_TURN_END = entries.TURN_SLOTS * FRAM_SLOT - crc.SIZE
_BLOB_AT = struct.calcsize(PROTOCOL_HEAD)
_NL_PL = 1000
_SIXTEEN = 0xFFFF
_SECOND = 256  # beside a state: its question awaits the second press
assert _AT + max(recovered.NOW, GUARD_NOW_SIZE) <= _END and _AT + max(recovered.TURN, GUARD_TURN_SIZE) <= _TURN_END


class Saved:
    """`look` once a scan; then, where its one write is free, `store_pair` where there is a `pair`, or `store_more`.
    `first`: something was decided, the log waits until that is written; `late`: it is looked at in the next scan."""

    def __init__(self, pl_pulse):
        self.pair = self.first = self.late = False
        self.mask = 3  # of the controller's turn: in flow it is looked at where those bits are 0
        self.handed = None  # the entry of which a piece is on its way to the FRAM
        self._guard_waits = False  # its account at a decision is still to be made
        self.protocol, self._turns, self._guards = Entry(PROTOCOL), Entry(TURN), Entry(GUARD_TURN)
        self._now, self._guard_now = Entry(NOW), Entry(GUARD_NOW)
        self._buf, self._guard_buf = bytearray(FRAM_SLOT), bytearray(FRAM_SLOT)
        self._turn_buf = bytearray(entries.TURN_SLOTS * FRAM_SLOT)
        self._guard_turn_buf = bytearray(entries.TURN_SLOTS * FRAM_SLOT)
        self._step_pulses = max(1, recovered.STEP_NL * _NL_PL // pl_pulse)
        self._mark = 0  # of the protocol
        self._run = 0  # of the session: the number of a record at its beginning
        self._session = self._turn = 0  # of which that was, and whose account was written last
        self._stands = self._entries = self._pulses = 0  # as last made
        self._made_s = self._waited = 0
        self.begins = 0  # who of pump.keeping's writers has the next scan first

    def adopt(self, blob):
        """A protocol was loaded: it is kept. It allocates."""
        self._mark = mark_of(blob)
        size = _BLOB_AT + len(blob) + crc.SIZE
        buf = bytearray(-(-size // FRAM_SLOT) * FRAM_SLOT)
        struct.pack_into(PROTOCOL_HEAD, buf, 0, PROTOCOL, VERSION, self.protocol.next_number(), len(blob))
        buf[_BLOB_AT : _BLOB_AT + len(blob)] = blob
        crc.put(buf, size - crc.SIZE)
        self.protocol.write(buf, size - crc.SIZE)

    @micropython.native
    def look(self, pump, dt_ms):
        """What is to be written after this scan; while the drug flows and there is no pair, by `mask`. It is
        made in no scan that made a record: those have enough to do."""
        session = pump.session
        progress, state = session.progress, session.state
        stands = state | _SECOND if session.question.second else state
        self.pair = self._now.due or self._guard_now.due
        if self.pair:
            return
        self.first = self.late = False
        flows = GROUP[state] & FLOWS
        changed = stands != self._stands or progress.entries != self._entries
        if not changed and progress.total - self._pulses < self._step_pulses:
            if pump.t_s - self._made_s < (FLOW_S if flows else REST_S):
                return
        if session.recovered.open or not (GROUP[state] | GROUP[self._stands & ~_SECOND]) & (ON | OVER):
            return
        self.first = changed and not flows
        if dt_ms >= SLOW_MS or flows or not pump.turn & 3:
            self._make(pump, session, progress, stands)

    @micropython.native
    def _make(self, pump, session, progress, stands):
        """Both channels as they stand, with one number."""
        if progress.session != self._session:
            self._session, self._turn = progress.session, progress.turn
            self._run = pump.journal.seq & _SIXTEEN
        self._stands, self._entries, self._pulses = stands, progress.entries, progress.total
        self._made_s, self._waited = pump.t_s, 0
        self.mask = 3
        if session.rate_e4() > FAST_E4:
            self.mask = 1
        number = max(self._now.next_number(), self._guard_now.next_number())
        self._now.number = self._guard_now.number = number - 1
        buf, guard_buf = self._buf, self._guard_buf
        struct.pack_into(HEAD, buf, 0, NOW, VERSION, number)
        recovered.put_now(session, buf, _AT, self._mark, self._run, pump.journal.boot, pump.wall, pump.bench)
        crc.put(buf, _END)
        struct.pack_into(HEAD, guard_buf, 0, GUARD_NOW, VERSION, number)
        pump.guard.put_now(guard_buf, _AT)
        crc.put(guard_buf, _END)
        self._now.write(buf)
        self._guard_now.write(guard_buf)

    @micropython.native
    def store_pair(self, out):
        """Hands the next one of the pair to the outputs; it keeps the log back for a while at the most."""
        self._waited += 1
        self.first = self.first and self._waited < _WAITED_MOST
        self.handed = self._now if self._now.due else self._guard_now
        self.handed.store(out)

    @micropython.native
    def store_more(self, pump, out):
        """Hands a piece of what else there is: accounts, then the protocol."""
        entry = self._turns
        if self._turn != pump.session.progress.turn or self._guard_waits:
            self._decided(pump, pump.session)
            return
        if not entry.due:
            entry = self._guards
        if not entry.due:
            entry = self.protocol
        if entry.due:
            self.handed = entry
            entry.store(out)

    @micropython.native
    def _decided(self, pump, session):
        """The account at a decision: first control's, in another scan the guard's; the next ones write them."""
        if GROUP[session.state] & FLOWS:  # too late, it is another by now: without it the session cannot be taken up
            self._turn = session.progress.turn
            self._guard_waits = False
            return
        if self._guard_waits:
            self._guard_waits = False
            buf = self._guard_turn_buf
            struct.pack_into(HEAD, buf, 0, GUARD_TURN, VERSION, self._guards.next_number())
            pump.guard.put_turn(buf, _AT)
            crc.put(buf, _TURN_END)
            self._guards.write(buf)
            return
        self._turn = session.progress.turn
        self._guard_waits = True
        buf = self._turn_buf
        struct.pack_into(HEAD, buf, 0, TURN, VERSION, self._turns.next_number())
        recovered.put_turn(session.case, buf, _AT, self._mark, self._run)
        crc.put(buf, _TURN_END)
        self._turns.write(buf)

    @micropython.native
    def settle(self, outcome):
        """What became of the piece that was `handed` out in the scan before (Snapshot.fram). What cannot be written
        goes to its other place, a pair as a pair: a record of before would be taken for what stands now."""
        handed = self.handed
        self.handed = None
        handed.settle(outcome)
        if handed.failed < TRIES:
            return
        if handed is self._now or handed is self._guard_now:
            self._now.move()
            self._guard_now.move()
        else:
            handed.move()

    # -- at power-on

    def read(self, read_slot):
        """What lies in the FRAM, as Found; the next writings leave the newest sound ones where they are."""
        found = Found(read_slot)
        for entry, held in ((self.protocol, found.protocols), (self._turns, found.turns), (self._guards, found.guards)):
            entry.number = max([0] + [number for number, _ in held])
        self._now.number = self._guard_now.number = found.number if found.number >= 0 else found.highest
        return found

    def go_on(self, record):
        """A session goes on. Where nothing has flowed since its last decision, the accounts of that are written anew:
        they may not have been whole."""
        self._mark, self._run = record.mark, record.run
        self._session, self._turn = recovered.SESSION, record.turn
        if record.turn and not record.entered and record.step == record.back_step:
            self._turn = -1


class Found:
    """The sound entries: (number, bytes from behind the head). `why`: a row of tables.recoveries, NONE: `now` and
    `guard_now` are a pair, whose number is `number` (`older`: a newer one may have been damaged); else -1 and `highest`
    is that of any."""

    def __init__(self, read_slot):
        self._other = False  # something of another layout lies there
        nows = self._sound(NOW, read_slot, _END)
        guards = self._sound(GUARD_NOW, read_slot, _END)
        self.turns = self._sound(TURN, read_slot, _TURN_END)
        self.guards = self._sound(GUARD_TURN, read_slot, _TURN_END)
        self.protocols = self._sound_protocols(read_slot)
        self.highest = max([0] + [number for number, _ in nows + guards])
        self.number, self.now, self.guard_now = -1, None, None
        for number, held in nows:
            for other, guards_held in guards:
                if number == other > self.number:
                    self.number, self.now, self.guard_now = number, held, guards_held
        self.older = len(nows) < 2 or len(guards) < 2 or self.highest > self.number  # noqa: PLR2004 (places)
        self.why = recoveries.NONE
        if self.number < 0:
            self.why = recoveries.NO_RECORD
        if self.number < 0 and self._other:
            self.why = recoveries.LAYOUT

    def _sound(self, kind, read_slot, length):
        found = []
        for held in entries.both(kind, read_slot) if read_slot else ():
            number = entries.number_of(held, kind, length) if held else -1
            self._other = self._other or number == -2
            if number >= 0:
                found.append((number, held[_AT:]))
        return found

    def _sound_protocols(self, read_slot):
        found = []
        for held in entries.both(PROTOCOL, read_slot) if read_slot else ():
            size = struct.unpack_from(PROTOCOL_HEAD, held, 0)[-1] if held else 0
            if 0 < size <= entries.PROTOCOL_MAX:
                number = entries.number_of(held, PROTOCOL, _BLOB_AT + size)
                self._other = self._other or number == -2
                if number >= 0:
                    found.append((number, held[_BLOB_AT : _BLOB_AT + size]))
        return found

    def protocol(self, mark):
        """The bytes of the protocol with that mark, the newest one's; None: it is not there."""
        fitting = [(number, blob) for number, blob in self.protocols if mark_of(blob) == mark]
        return max(fitting, key=lambda each: each[0])[1] if fitting else None
