"""Talks to the pump over a port: asks, waits for the answer, asks again (`toleramp.device.wire` knows the bytes).

A reply carries the sequence number of its request. What the pump sends by itself (the stream) has a running
number of its own and waits in a queue for `Pump.receive`.
"""

import re
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pump.protocol.fingerprint import fingerprint
from pump.tables import messages, refusals, states
from toleramp import __version__
from toleramp.device import ports
from toleramp.device.loading import load_requests
from toleramp.device.signing import KEYED, Signer
from toleramp.device.wire import ANSWERS, NAMES, Fields, Layout, Message, Wire
from toleramp.errors import LinkLost, NoAnswer, NotToleramp, Refused, UserError, WrongContract

if TYPE_CHECKING:
    from toleramp.approval.key_files import Person

ANSWER_S = 3.0  # an emulated pump runs slower than real time
HELLO_S = 2.0
TESTED_S = 12.0  # a self-test at power-on is over in 10 (INT-1)
LOAD_END_S = 30.0  # the pump checks the whole protocol before it answers
RETRIES = 2
FRESH_S = 3.0  # a challenge ends with the pump's 5 s of silence

_REPL = re.compile(rb">>> |raw REPL|MicroPython v|Traceback \(most")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def wrong_contract(theirs: int, version: str, port: str) -> WrongContract:
    """Both hashes, which side is newer by its version, and what to do."""
    pump, tool = _version(version), _version(__version__)
    if not pump or pump == tool:
        advice = "flash the firmware that belongs to this tool, or update the tool"
    elif pump < tool:
        advice = "the tool is newer: flash the pump"
    else:
        advice = "the pump is newer: update the tool"
    shown = version or "(version unknown)"
    what = f"contract of pump {shown} is {theirs:08x}, of tool {__version__} {messages.CONTRACT:08x}"
    return WrongContract(what, port, advice)


class Pump:
    """A pump on a serial line. Opens the port; `hello` proves that a pump is there. Also a context manager.

    Every method may raise LinkLost, NoAnswer or Refused (all UserError, one line for the user).
    """

    def __init__(self, port: str, answer_s: float = ANSWER_S) -> None:
        self.port, self.answer_s = port, answer_s
        self.wire = Wire()
        self.queue: deque[Message] = deque()
        self.heard_at: float | None = None  # monotonic seconds of the last whole message
        self._sequence = 0
        self._bytes = 0
        self._signer: Signer | None = None
        self._signed_at = 0.0  # monotonic seconds of the last answer to what was signed, or of the challenge
        self._serial = ports.open_port(port)

    def __enter__(self) -> "Pump":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the port back; a line that is broken already is no error."""
        with suppress(Exception):  # pyserial and termios disagree on what a dead handle raises
            self._serial.close()

    # -- bytes

    def _lost(self, error: Exception) -> LinkLost:
        return LinkLost(f"connection lost ({error})", self.port, "check the cable; the pump goes on by itself")

    def _write(self, data: bytes) -> None:
        try:
            self._serial.write(data)
        except Exception as error:  # OSError, SerialException, termios.error, TypeError on a closed handle
            raise self._lost(error) from None

    def _read(self) -> list[Message]:
        try:
            data = self._serial.read(1)
            if data:
                data += self._serial.read(self._serial.in_waiting)
        except Exception as error:
            raise self._lost(error) from None
        self._bytes += len(data)
        found = self.wire.feed(data)
        if found:
            self.heard_at = time.monotonic()
        return found

    # -- questions and answers

    def request(
        self,
        layout: Layout,
        *,
        retries: int = RETRIES,
        timeout_s: float | None = None,
        asked: str = "",
        **fields: Any,
    ) -> Fields:
        """Sends a request and returns its answer's fields; asks again up to `retries` times when none comes.

        `asked` names the request in a refusal. NoAnswer after the last try, Refused when the pump says no. What takes a
        key is signed where there is one.
        """
        signer = self._signer if layout[0] in KEYED else None
        if signer is None:
            return self._request(layout, None, retries, timeout_s, asked, fields)
        if not signer.open or time.monotonic() - self._signed_at > FRESH_S:
            self.challenge()
        try:
            said = self._request(layout, signer, retries, timeout_s, asked, fields)
        except Refused as refusal:
            if refusal.row != refusals.KEY_SESSION:
                raise
            self.challenge()
            said = self._request(layout, signer, retries, timeout_s, asked, fields)
        self._signed_at = time.monotonic()
        return said

    def sign_as(self, person: "Person") -> None:
        """What takes a key is signed with this person's from now on."""
        self._signer = Signer(person)

    def challenge(self) -> None:
        """Lets the pump say what the next signed requests are to be made with; nothing without a key."""
        if self._signer:
            person = self._signer.person
            layout, named = messages.CHALLENGE_GET, f"the key of {person.id}"
            self._signer.take(self._request(layout, None, RETRIES, None, named, {"data": person.id.encode()}))
            self._signed_at = time.monotonic()

    def _request(
        self, layout: Layout, signer: Signer | None, retries: int, timeout_s: float | None, asked: str, fields: Fields
    ) -> Fields:
        each_s = timeout_s or self.answer_s
        tried: set[int] = set()
        for _ in range(retries + 1):
            self._sequence = (self._sequence + 1) & 255
            tried.add(self._sequence)
            if signer:
                self._write(self.wire.encode(messages.SIGNED, self._sequence, **signer.sign(layout, fields)))
            else:
                self._write(self.wire.encode(layout, self._sequence, **fields))
            answer = self._await(layout, tried, fields, time.monotonic() + each_s)
            if answer is None:
                continue
            if answer.type == messages.REFUSED[0]:
                said = answer.fields
                raise Refused(said["code"], said["where"], said["detail"], asked, self.port)
            return answer.fields
        raise self._silence(layout, (retries + 1) * each_s)

    def _await(self, layout: Layout, tried: set[int], fields: Fields, until: float) -> Message | None:
        answer = None
        while answer is None and time.monotonic() < until:
            for message in self._read():
                if answer is None and _answers(message, layout, tried, fields):
                    answer = message
                elif _unasked(message):
                    self.queue.append(message)
        return answer

    def _silence(self, layout: Layout, waited_s: float) -> NoAnswer:
        name, heard = NAMES[layout[0]], self.wire.noise
        if not self._bytes:
            remedy = "check that the pump is on and runs Toleramp, and that this is its port"
            return NoAnswer(f"silent: no answer to {name} in {waited_s:g} s", self.port, remedy)
        if _REPL.search(heard):
            remedy = "a pump in service mode: switch it off and on; or MicroPython without Toleramp: flash the firmware"
        else:
            remedy = "another device? run `toleramp devices` to see the pumps there are"
        if heard and self.heard_at is None:
            return NotToleramp(f"answers, but not as a Toleramp pump: {heard!r}", self.port, remedy)
        return NoAnswer(f"no answer to {name} in {waited_s:g} s", self.port, "try again")

    def receive(self, timeout_s: float = 0.1) -> Message | None:
        """The next STATUS or EVENT that the pump sent by itself, or None when none came in time."""
        until = time.monotonic() + timeout_s
        while not self.queue and time.monotonic() < until:
            self.queue.extend(message for message in self._read() if _unasked(message))
        return self.queue.popleft() if self.queue else None

    def hello(self, *, check: bool = True, timeout_s: float = HELLO_S, retries: int = RETRIES) -> Fields:
        """Who answers: version, build, git, fingerprint of the loaded protocol ("" for none), mode.

        WrongContract when pump and tool differ, unless `check` is off; NotToleramp when it is no pump at all.
        """
        try:
            said = self.request(messages.HELLO, retries=retries, timeout_s=timeout_s, contract=messages.CONTRACT)
        except Refused as refusal:
            if refusal.row == refusals.CONTRACT:
                raise wrong_contract(refusal.detail, "", self.port) from None
            raise
        if check and said["contract"] != messages.CONTRACT:
            raise wrong_contract(said["contract"], said["version"], self.port)
        said["fingerprint"] = said["fingerprint"].strip("-")  # the pump shows dashes for no protocol
        return said

    def status(self) -> Fields:
        """The pump's state now."""
        return self.request(messages.STATUS_GET)

    def wait_tested(self) -> Fields:
        """The pump's state once its self-test at power-on lets it take something, a second or two after that; after
        TESTED_S as it is."""
        until = time.monotonic() + TESTED_S
        while True:
            status = self.status()
            if status["state"] != states.TESTING or time.monotonic() >= until:
                return status
            time.sleep(0.1)

    def stats(self) -> Fields:
        """Counters of the scan and the lines."""
        return self.request(messages.STATS_GET)

    def stream(self, period_ms: int) -> None:
        """Lets the pump send its status every `period_ms` and each event as it happens; 0 ends that."""
        self.request(messages.STREAM, period_ms=period_ms)

    def ping(self) -> None:
        """Tells the pump that somebody listens."""
        self.request(messages.PING, retries=0)

    def pause(self) -> None:
        """Holds the flow."""
        self.request(messages.PAUSE, asked="to pause")

    def stop(self) -> None:
        """Ends the session."""
        self.request(messages.STOP, asked="to stop")

    def hang(self, code: str) -> None:
        """Tells the code of the bag that hangs; a press at the pump confirms it.

        Refused RANGE: another bag is asked for; BUSY: none is. Asked once: after a lost answer the bag may run.
        """
        self.request(messages.HANG, retries=0, data=code.encode("utf-8"), asked="the bag")

    def set(self, row: int, value: int) -> None:
        """Changes a setting (a row of pump.tables.settings). Refused BUSY in a session, RANGE beyond its range."""
        self.request(messages.SET, setting=row, value=value, asked="the setting")

    def listen(self, wanted: bool) -> None:
        """Lets the pump search for its oximeter, or ends that. Refused BUSY in a session, WATCHED with a patient."""
        self.request(messages.LISTEN, wanted=int(wanted), asked="to listen for the oximeter")

    def heard(self, line: int) -> Fields:
        """What the last search has heard on a line (a row of pump.tables.lines), and how it stands."""
        return self.request(messages.HEARD_GET, line=line)

    def clock(self) -> Fields:
        """What the pump's clock says, and why that is not trusted (a row of pump.tables.causes)."""
        return self.request(messages.CLOCK_GET)

    def check(self, row: int) -> Fields:
        """What a check of the self-test (a row of pump.tables.checks) has found."""
        return self.request(messages.CHECK_GET, check=row)

    def self_test(self) -> None:
        """Lets the pump test itself anew. Refused BUSY in a session."""
        self.request(messages.SELF_TEST, asked="a self-test")

    def set_clock(self, wall_s: int) -> None:
        """Sets it (pump.base.calendar). Refused BUSY in a session. Asked once: a second later it is another time."""
        self.request(messages.CLOCK_SET, retries=0, wall_s=wall_s, asked="the time")

    def event(self, seq: int) -> Fields | None:
        """The journal's record `seq`; None when the pump does not have it (any more, or yet)."""
        try:
            return self.request(messages.LOG_GET, seq=seq)
        except Refused as refusal:
            if refusal.row == refusals.RANGE:
                return None
            raise

    def stored(self, slot: int, count: int) -> Fields:
        """What lies in so many slots of the memory from this one on, fewer at the log's end, as `data`, 48 bytes each;
        with `end`, `waiting` and `lost`. Refused UNREAD when the memory does not answer."""
        return self.request(messages.STORED_GET, slot=slot, count=count, asked="to read its log")

    def inputs(self, at: int) -> Fields:
        """The recording of what went into its scans, from byte `at` on (toleramp.replay.fetch)."""
        return self.request(messages.INPUTS_GET, retries=1, at=at)

    # -- loading

    def load(self, blob: bytes, progress: Callable[[int, int], None] = lambda done, total: None) -> Fields:
        """Loads a compiled protocol and reads its fingerprint back; returns the hello that shows it.

        `progress(done, total)` counts bytes. Refused names what the pump found in it.
        """
        if not 0 < len(blob) <= messages.PROTOCOL_MAX:
            raise UserError(f"a protocol of {len(blob)} bytes; the pump takes 1 to {messages.PROTOCOL_MAX}")
        for _ in range(RETRIES):
            self._send(blob, progress)
            answered = self._finish()
            said = self.hello()
            if said["fingerprint"] == fingerprint(blob):
                return said
            if answered:
                break
        shown = said["fingerprint"] or "none"
        what = f"after the load the pump shows fingerprint {shown} instead of {fingerprint(blob)}"
        raise UserError(what, self.port, "do not start; load it again")

    def _send(self, blob: bytes, progress: Callable[[int, int], None]) -> None:
        (begin, head), *pieces, _end = load_requests(blob)
        self.request(begin, **head, asked="to load")
        for layout, fields in pieces:
            # Sent again under the same offset when its ACK got lost: the same bytes go to the same place.
            try:
                self.request(layout, **fields, asked="the protocol's bytes")
            except Refused as refusal:
                if refusal.row != refusals.DUPLICATE:
                    raise
            progress(fields["offset"] + len(fields["data"]), len(blob))

    def _finish(self) -> bool:
        """Closes the load; False when the answer got lost, so that only the fingerprint tells."""
        try:
            self.request(messages.LOAD_END, retries=0, timeout_s=LOAD_END_S, asked="the protocol")
        except NoAnswer:
            return False
        return True


def _unasked(message: Message) -> bool:
    """Whether the pump says this by itself, too."""
    return ANSWERS[message.type] == messages.UNASKED


def _answers(message: Message, layout: Layout, tried: set[int], fields: Fields) -> bool:
    """Is this message the answer to the request sent under one of the `tried` numbers?"""
    kind, said = message.type, message.fields
    if kind == messages.EVENT[0]:  # a record is the same however it comes
        return layout == messages.LOG_GET and said["seq"] == fields["seq"]
    if message.sequence not in tried:
        return False
    if kind == messages.REFUSED[0]:
        return bool(said["request"] == layout[0])
    return kind == ANSWERS[layout[0]] and said.get("request", layout[0]) == layout[0]
