"""Nonin data format 2: 75 frames a second of five bytes, 25 frames a packet, three packets a second, 9600 8N1.

    0x01 | status (bit 7 set) | pleth | value by frame number | sum of the four, modulo 256

Source: Nonin 9560 OEM specification. The 4-beat values are judged, never the display values, which stay for ten seconds
after the finger is gone. The 8-bit sum alone passes a wrong frame now and then, so a packet's SpO2 must lie within 6 of
its fast and extended averages, of which one has to be there, and its rate within 20 of the extended one, or it is
degraded (VIT-3): so it is too for the first few beats, of which there is no extended rate yet.
"""

from array import array

from oximeters.losses import Losses
from oximeters.packet_counter import FROZEN_PACKETS, PacketCounter
from pump.base.compat import micropython, ptr8, ptr32
from pump.tables import messages as m
from pump.tables import vitals

BAUD, PARITY = 9600, None
SILENCE_MS = 1_000
START, KEEP_ALIVE, KEEP_ALIVE_MS = b"", b"", 0
PROOF, EVERY_MS = 1, 300

FRAMES = 25
_SIZE = 5
_RING = 256
_PACKET = FRAMES * _SIZE

_ARTIFACT, _OUT_OF_TRACK, _SENSOR, _RED, _GREEN, _DISCONNECT = 0x20, 0x10, 0x08, 0x04, 0x02, 0x40
NO_RATE, NO_SPO2 = 511, 127
STILL_MOST = FROZEN_PACKETS + 2  # so that one damaged packet with a lucky sum does not make a frozen device live
LOST_MOST = 3  # packets between two whole ones that are taken for what the second of them is
DISTURBED_PACKETS = 9  # so long a disturbed beat counts, until another one is seen
SPO2_AGREE, RATE_AGREE = 6, 20


# What the frame reader keeps between calls: indices into Parser.state.
_LOCKED, _FRAME, _N, _LOW, _HIGH, _STATUS, _REJECTED, _RESYNCS, _WIDE, _WAVE = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9


@micropython.viper
def _append(buf: ptr8, state: ptr32, data: ptr8, count: int):
    """Adds data[:count]; what finds no room is dropped and counted."""
    n = int(state[2])
    for i in range(count):
        if n < 256:
            buf[n] = data[i]
            n += 1
        elif int(state[6]) < 536870912:  # COUNT_MAX
            state[6] = int(state[6]) + 1
    state[2] = n


@micropython.viper
def _whole(buf: ptr8, at: int, wide: int) -> int:
    """1 when buf[at:at+5] is a valid frame; a wide one (data format 7) begins with its status."""
    total = int(buf[at]) + int(buf[at + 1]) + int(buf[at + 2]) + int(buf[at + 3])
    if (total & 255) != int(buf[at + 4]) or not (int(buf[at + 1 - wide]) & 0x80):
        return 0
    return 1 if wide or int(buf[at]) == 1 else 0


@micropython.viper
def _shift(buf: ptr8, state: ptr32, at: int):
    """Drops the bytes before `at`."""
    rest = int(state[2]) - at
    if at:
        for i in range(rest):
            buf[i] = buf[at + i]
    state[2] = rest


@micropython.viper
def _accept(buf: ptr8, at: int, state: ptr32, values: ptr8) -> int:
    """Takes the valid frame at buf[at:]: 1 when it completes a packet, 2 when the lock is lost by it, else 0."""
    wide = int(state[8])
    status = int(buf[at + 1 - wide])
    pleth = int(buf[at + 2])
    if wide:
        pleth |= int(buf[at + 1]) << 8
    frame = int(state[1])
    if status & 1:
        if frame and int(state[6]) < 536870912:  # COUNT_MAX
            state[6] = int(state[6]) + 1  # a short packet: a frame was lost on the line
        frame = 0
        state[5] = 0
        state[3] = 65535
        state[4] = 0
        state[9] = 0
    elif not frame:
        return 2
    state[5] = int(state[5]) | status
    if pleth < int(state[3]):
        state[3] = pleth
    if pleth > int(state[4]):
        state[4] = pleth
    state[9] = (int(state[9]) * 31 + pleth) & 0x3FFFFFF  # what follows from all 25 samples, below 31 bits
    values[frame] = buf[at + 3]
    frame += 1
    if frame == 25:
        state[1] = 0
        return 1
    state[1] = frame
    return 0


class Parser(Losses):
    """Bytes in, samples out: after `take` returned True, spo2, pulse and flags describe the newest packet."""

    rejected_at, resyncs_at = _REJECTED, _RESYNCS
    silence_ms = SILENCE_MS
    wide = 0  # 1: frames of data format 7

    def __init__(self):
        self.buf = bytearray(_RING)
        self.state = array("i", bytes(40))
        self.state[_LOW] = 65535
        self.state[_WIDE] = self.wide
        self.samples = 0
        self.spo2, self.pulse, self.flags = m.NONE8, m.NONE16, 0
        self._values = bytearray(FRAMES)
        self._still = 0  # packets since the pleth said something new, up to STILL_MOST
        self._wave = -1  # of the packet before; it stays through silence and noise: another device has another one
        self._bytes = 0  # that came since that packet
        self._disturbed = 0  # packets for which the last beat seen stays a disturbed one
        self.counter = -1  # of the newest packet
        self._count = PacketCounter()

    @micropython.native
    def take(self, data, count):
        """Adds data[:count]; True when at least one packet was completed (the newest one stands)."""
        buf, state = self.buf, self.state
        self.make_room(_RING)
        _append(buf, state, data, count)
        came = self._bytes + count
        self._bytes = came if came < LOST_MOST * _PACKET else LOST_MOST * _PACKET
        at, complete = 0, False
        n, wide = state[_N], state[_WIDE]
        while n - at >= _SIZE:
            if state[_LOCKED] and _whole(buf, at, wide):
                outcome = _accept(buf, at, state, self._values)
                if outcome == 2:
                    self._unlock()
                    continue
                at += _SIZE
                if outcome:
                    self._finish(n - at)
                    complete = True
            else:
                step = self._search(at, n)
                if step < 0:
                    break
                at += step
        _shift(buf, state, at)
        return complete

    def _search(self, at, n):
        """No valid frame at `at`: by how many bytes to go on, -1 to wait for more."""
        buf, state = self.buf, self.state
        wide = state[_WIDE]
        if state[_LOCKED]:
            # An ACK or NAK may stand between two frames; anything else means that the lock is lost.
            if n - at <= _SIZE:
                return -1
            if (buf[at] == 6 or buf[at] == 21) and _whole(buf, at + 1, wide):
                return 1
            self._unlock()
            return 0
        if n - at < 2 * _SIZE:
            return -1
        # Locks on the first frame of a packet followed by a frame that is not one.
        status = at + 1 - wide
        first = _whole(buf, at, wide) and buf[status] & 1
        if first and _whole(buf, at + _SIZE, wide) and not buf[status + _SIZE] & 1:
            state[_LOCKED] = 1
            state[_FRAME] = 0
            return 0
        state[_REJECTED] += 1
        return 1

    def forget(self):
        """The line was silent: another module may come, whose packets and counter are other ones."""
        state = self.state
        state[_LOCKED] = state[_FRAME] = state[_N] = 0
        self._disturbed = 0
        self._bytes = LOST_MOST * _PACKET  # as many would have come in the shortest silence
        self._count.silence()

    def _unlock(self):
        state = self.state
        state[_LOCKED] = state[_FRAME] = 0
        self.count_resync()

    def _rate(self, at):
        return (self._values[at] & 3) << 7 | self._values[at + 1] & 127

    @micropython.native
    def _finish(self, left):
        """Judges the packet; `left` bytes behind it have come."""
        values, status = self._values, self.state[_STATUS]
        spo2, pulse = values[2] & 127, self._rate(0)
        flags = self._sensor_flags(status)
        passed = self._passed(left)
        moved = self.state[_WAVE] != self._wave
        self.counter = (values[5] & 127) << 7 | values[6] & 127
        stuck, still = self._count.repeats(self.counter, passed, moved), self._pleth_stuck(passed, moved)
        missing = spo2 == NO_SPO2 or pulse == NO_RATE or not 1 <= spo2 <= 100 or not pulse
        if stuck or (still and not missing):  # a flat pleth without values is that of an empty probe
            flags |= vitals.FROZEN
        if not missing and not self._agree(spo2, pulse):
            flags |= vitals.DEGRADED
        self.spo2 = m.NONE8 if spo2 == NO_SPO2 or not 1 <= spo2 <= 100 else spo2
        self.pulse = m.NONE16 if pulse == NO_RATE or not pulse else pulse
        if not missing and not flags & vitals.VALUELESS_FLAGS:
            flags |= vitals.VALID
        self.flags = flags
        self.samples += 1

    @micropython.native
    def _sensor_flags(self, status):
        flags = 0
        if status & (_SENSOR | _DISCONNECT):
            flags |= vitals.SENSOR_OFF
        if status & _OUT_OF_TRACK:
            flags |= vitals.OUT_OF_TRACK
        if self._beat_disturbed(status):
            flags |= vitals.ARTIFACT
        if status & _RED and not status & _GREEN:
            flags |= vitals.LOW_PERFUSION
        if self._values[7] & 1:
            flags |= vitals.LOW_BATTERY
        return flags

    @micropython.native
    def _beat_disturbed(self, status):
        """The last beat was: it is marked for 12 frames only, so at 72 a minute one packet in three shows none."""
        if status & _ARTIFACT:
            self._disturbed = DISTURBED_PACKETS
        elif status & (_RED | _GREEN):
            self._disturbed = 0
        elif self._disturbed:
            self._disturbed -= 1
        return self._disturbed > 0

    @micropython.native
    def _passed(self, left):
        """Packets that the time since the one before has room for; told by the bytes that came, so that those that
        noise spoils put nothing off."""
        passed = (self._bytes - left + _PACKET // 2) // _PACKET
        self._bytes = left
        return max(passed, 1)

    @micropython.native
    def _pleth_stuck(self, passed, moved):
        """A pleth that is flat, or that of the packet before to the last sample, for FROZEN_PACKETS.

        What is called frozen has to move in a few packets in a row to be live again.
        """
        state, still = self.state, self._still
        if state[_LOW] >= state[_HIGH] or not moved:
            still += passed
            if still >= FROZEN_PACKETS:
                still = STILL_MOST
        else:
            still = still - 1 if still >= FROZEN_PACKETS else passed - 1
        self._wave, self._still = state[_WAVE], still
        return still >= FROZEN_PACKETS

    @micropython.native
    def _agree(self, spo2, pulse):
        """At least one other SpO2 and the other rate are there, and none of those says something else."""
        values, said = self._values, False
        for at in (9, 15):
            other = values[at] & 127
            if other != NO_SPO2:
                if abs(other - spo2) > SPO2_AGREE:
                    return False
                said = True
        extended = self._rate(13)
        return said and extended != NO_RATE and abs(extended - pulse) <= RATE_AGREE
