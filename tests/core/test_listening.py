"""A search for the oximeter on the core: what is found and how soon, what ends it, and that nothing of it stays."""

from __future__ import annotations

import random
from functools import cache
from itertools import product

import pytest
from core_kit import encode, finish, mini, pump_with, scan_s, short, standard, start, tap, until
from power_kit import BY_WATCHDOG, POWER_ON, cycle

from oximeters.detection import Score, Search
from oximeters.registry import module
from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP, Outputs
from pump.tables import lines, messages, oximeters, refusals, searches, states
from pump.tables.oximeters import NAMES
from toleramp.device.loading import load_requests
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.boards.rig.oximeter_ahead import AheadWire
from toleramp_bench.devices import contec9
from toleramp_bench.devices.line_bits import resample
from toleramp_bench.devices.oximeter import Oximeter
from toleramp_bench.figures.listen import Case, CoreSearch, cases, core_seconds
from toleramp_bench.targets.host_line import HostLine

PHASES = 2  # `make bench` takes a hundred
KEYS = (START, CONFIRM, SILENCE, UP, DOWN, STOP)


class Rest:
    """A pump at rest, its board and a laptop that asks and hears the answers."""

    def __init__(self, pump: CorePump | None = None) -> None:
        self.pump = pump or CorePump(20_000)
        self.board, self.core = self.pump.board, self.pump.controller
        self.line = HostLine()
        self.board.listen(module(NAMES[0]), lambda said: None)
        self.board.listening = True
        self.out: Outputs = self.board.out

    def ask(self, layout: tuple[int, str, str], **fields: object) -> None:
        """A request goes to the pump."""
        self.board.to_pump += self.line._encode(layout, **fields)

    def answers(self) -> list[object]:
        """What came back since."""
        found = self.line.wire.feed(bytes(self.board.sent))
        self.board.sent.clear()
        return list(found)

    def begin(self) -> None:
        """A search begins."""
        self.ask(messages.LISTEN, wanted=1)
        assert until(self.pump, lambda pump: pump.controller.oximeter.searches, 1)

    def stands(self) -> int:
        """How it stands."""
        return int(self.core.oximeter.search.stands)

    def open_as_set(self) -> bool:
        """The board's line has the rate and parity of the format that is set."""
        form = module(NAMES[0])
        return (self.board.ox_baud, self.board.ox_parity) == (form.BAUD, form.PARITY) and self.out.ox_line == 0


@pytest.fixture
def rest() -> Rest:
    """A pump with nothing loaded."""
    return Rest()


def refusal_of(rest: Rest) -> int:
    """The code of the refusal that a request for a search gets; 0 when it is taken."""
    rest.answers()
    rest.ask(messages.LISTEN, wanted=1)
    scan_s(rest.pump, 0.5)
    said = [answer.fields for answer in rest.answers() if answer.type == messages.REFUSED[0]]  # type: ignore[attr-defined]
    return int(said[0]["code"]) if said else 0


# -- what is found


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_each_format_is_found_on_its_line_in_time(case: Case) -> None:
    """Else a person guesses at the format, or waits."""
    times = core_seconds(case, PHASES)
    assert len(times) == PHASES and max(times) <= case.bar_s, times


@pytest.mark.req("VIT-2")
def test_every_format_is_looked_for_at_the_settings_with_which_the_pump_reads_it() -> None:
    """Else a search misses a device that would work."""
    own = {
        (form, lines.BAUD[row], None if lines.PARITY[row] == lines.NO_PARITY else lines.PARITY[row])
        for row in range(1, lines.COUNT)
        for form in lines.FORMATS[row]
    }
    for form, name in enumerate(NAMES):
        assert (form, module(name).BAUD, module(name).PARITY) in own
    last = sum(lines.MOST_MS)
    assert last <= 15_000 and lines.MOST_MS[1] <= 5_000, "the longest search"


Pieces = list[tuple[int, bytes]]


@cache
def _sent(form: str, finger: bool = True, spo2: int = 97, pulse: int = 72) -> Pieces:
    """(ms, bytes) of six seconds of a device; without a finger there are no values."""
    wire = AheadWire(0)
    made = Oximeter(wire, form=form, spo2=spo2, pulse=pulse)
    if not finger:
        made.finger(False)
    made.hear(getattr(made._bytes, "START", b""))
    made.start()
    wire.advance(6_000_000)
    return [(at_us // 1000, data) for at_us, data in wire.collect()]


def _bytes_of(form: str) -> bytes:
    return b"".join(data for _, data in _sent(form))


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("finger", [True, False])
def test_the_bytes_of_a_format_fit_no_other(finger: bool) -> None:
    """Else two formats are proposed for one device, or the wrong one."""
    for sent in NAMES:
        for cut in (0, 1):  # the search begins within a packet
            scores = [Score(form) for form in range(len(NAMES))]
            fits = set()
            for number, (ms, data) in enumerate(_sent(sent, finger)):
                piece = bytearray(data[0 if number else cut :])
                fits |= {NAMES[score.form] for score in scores if score.take(piece, len(piece), 0, ms)}
            assert fits == {sent}, (sent, cut, fits)


@pytest.mark.req("VIT-3")
def test_packets_that_come_faster_than_any_device_sends_them_are_none() -> None:
    """Else a module of 19200 baud without parity, heard at half its rate without one broken byte, is data format 1."""
    score, longest = Score(oximeters.NONIN_DF1), 0
    for ms, data in _sent("bci5", spo2=100, pulse=45):
        words = [word for _, word in resample(data, 19_200, 9_600)]
        assert all(word <= 0xFF for word in words)
        assert not score.take(bytearray(words), len(words), 0, ms)
        longest = max(longest, score._parser.samples - score._since)
    assert longest > 10, "what has to be told apart came"


@pytest.mark.req("VIT-3")
def test_noise_is_of_no_format() -> None:
    """Else a torn cable is proposed as an oximeter."""
    drawn = random.Random(5)
    for form in range(len(NAMES)):
        score = Score(form)
        for number in range(500):
            piece = bytearray(drawn.randbytes(20))
            assert not score.take(piece, 20, 0, 20 * number), NAMES[form]


@pytest.mark.req("VIT-3")
def test_bytes_that_the_line_broke_prove_nothing() -> None:
    """Else a device with another parity is told as one of this."""
    data = bytearray(_bytes_of("bci5"))[:1_000]
    score = Score(oximeters.BCI5)
    for at in range(0, len(data), 20):
        piece = data[at : at + 20]
        assert not score.take(piece, len(piece), 1, 20 * at)


@pytest.mark.req("VIT-2")
def test_two_formats_that_both_fit_are_both_told() -> None:
    """Else one of them is chosen by its place in a table."""
    search = Search()
    search.begin()
    search._scores = [Score(oximeters.MASIMO_ASCII), Score(oximeters.MASIMO_ASCII)]
    search._scores[1].form = oximeters.NELLCOR_ASCII
    data = _bytes_of("masimo-ascii")[:150]
    assert search.take(bytearray(data), len(data), 0, 20)
    assert search.fits[1] == 1 << oximeters.MASIMO_ASCII | 1 << oximeters.NELLCOR_ASCII


@pytest.mark.req("VIT-2")
def test_silence_and_rubbish_are_told_as_they_are(rest: Rest) -> None:
    """Else nobody knows whether the cable is out or the setting wrong."""
    rest.board.samples = False
    rest.begin()
    began_ms = rest.board.now_us // 1000
    drawn = random.Random(3)
    while rest.core.oximeter.searches:
        if rest.out.ox_line == 1:
            rest.board.uart_send(1, bytes([0xA5, *drawn.randbytes(4)]), 9600)
        rest.ask(messages.HEARD_GET, line=1)
        scan_s(rest.pump, 0.1)
    assert rest.board.now_us // 1000 - began_ms <= 15_000
    search = rest.core.oximeter.search
    assert search.stands == searches.ALL_TRIED and not any(search.fits)
    assert search.bytes[1] > 100 and search.first[1][0] == 0xA5 and not any(search.bytes[2:])
    said = [answer.fields for answer in rest.answers() if answer.type == messages.HEARD[0]]  # type: ignore[attr-defined]
    assert said[-1]["bytes"] == search.bytes[1] and said[-1]["data"][0] == 0xA5


@pytest.mark.req("VIT-2")
def test_a_contec_is_spoken_to_in_its_turn_alone() -> None:
    """Else a monitor gets bytes that open its menu."""
    made = CoreSearch(Case(oximeters.NELLCOR_ASCII, 1))
    said: list[tuple[int, bytes]] = []
    board = made.target.board
    made.target.oximeter.cable_out = True
    board._told = lambda words: said.append((board.ox_baud, words))
    made.ask(messages.LISTEN, wanted=1)
    for _ in range(12):
        made.pass_us(1_000_000)
        made.ask(messages.HEARD_GET, line=1)
    assert {baud for baud, _ in said} == {contec9.BAUD} and {words for _, words in said} == {contec9.START}
    assert len(said) == 2, "at once, and a second later"


# -- what ends it, and what stays


@pytest.mark.req("SES-1", "FLO-10")
@pytest.mark.parametrize("key", KEYS)
def test_a_key_ends_it_in_the_scan_in_which_it_is_down(key: int) -> None:
    """Else a person begins with an oximeter that the pump does not read."""
    rest = Rest(pump_with(standard(), 20_000))
    rest.begin()
    scan_s(rest.pump, 0.4)
    assert rest.out.ox_line == 1
    rest.board.key(key, True)
    rest.pump.scan()
    assert rest.stands() == searches.KEY_DOWN and rest.open_as_set()


@pytest.mark.req("SES-1", "FLO-10")
def test_it_does_not_begin_while_a_key_is_down() -> None:
    """Else a session begins with another line open, if only for a scan. START held for so long, asked so many scans
    after it went down; a key that is up again may count in that scan."""
    began = refused = 0
    for hold_ms, wait in product((40, 60, 80, 140), range(10)):
        rest = Rest(pump_with(mini(), 20_000))
        rest.pump.press(START, hold_ms)
        for scan in range(20):
            if scan == wait:
                rest.ask(messages.LISTEN, wanted=1)
            rest.pump.scan()
            on = states.GROUP[rest.core.session.state] & states.ON
            assert rest.open_as_set() or not (on or rest.board.snap.buttons), (hold_ms, wait)
        search = rest.core.oximeter.search
        began += search is not None and search.took_ms[1] > 0
        refused += search is not None and search.stands == searches.KEY_DOWN and not search.took_ms[1]
    assert refused > 10, (began, refused)


@pytest.mark.req("SES-1", "FLO-10")
def test_nothing_flows_before_the_line_is_as_set_again() -> None:
    """Else the first minutes of a session are of a patient whom nobody reads."""
    rest = Rest(pump_with(short(), 20_000))
    rest.begin()
    scan_s(rest.pump, 0.2)
    start(rest.pump)
    assert rest.out.flowing and rest.open_as_set() and rest.stands() == searches.KEY_DOWN
    assert rest.core.vitals.sure, "the patient is read"


@pytest.mark.req("ALM-7")
def test_no_search_takes_the_eyes_from_a_patient() -> None:
    """Else a laptop makes a watched patient unwatched."""
    rest = Rest(pump_with(mini(), 100_000))
    start(rest.pump)
    assert refusal_of(rest) == refusals.BUSY, "a session is on"
    finish(rest.pump)
    assert states.GROUP[rest.core.session.state] & states.AT_REST and rest.core.conditions.monitoring.on
    assert refusal_of(rest) == refusals.WATCHED and rest.out.ox_line == 0
    for _ in range(2):
        tap(rest.pump, CONFIRM)
    assert not rest.core.conditions.monitoring.on
    assert refusal_of(rest) == 0 and rest.out.ox_line == 1


@pytest.mark.req("ALM-7")
def test_a_patient_who_is_watched_from_now_on_ends_it(rest: Rest) -> None:
    """Else what is refused at the beginning comes about in the middle."""
    rest.begin()
    rest.core.conditions.monitoring.on = True
    rest.pump.scan()
    assert rest.stands() == searches.NOT_AT_REST and rest.open_as_set()


@pytest.mark.req("INT-8")
def test_a_laptop_that_falls_silent_ends_it(rest: Rest) -> None:
    """Else a pump whose laptop is gone is blind."""
    rest.begin()
    began_ms = rest.board.now_us // 1000
    assert until(rest.pump, lambda pump: not pump.controller.oximeter.searches, 10)
    assert rest.board.now_us // 1000 - began_ms <= 5_200
    assert rest.stands() == searches.LAPTOP_SILENT and rest.open_as_set()


@pytest.mark.req("INT-8", "INT-12")
@pytest.mark.parametrize("power", [POWER_ON, BY_WATCHDOG])
def test_a_power_cut_ends_it(rest: Rest, power: int) -> None:
    """Else the line stays open as no oximeter speaks, and what the pump tells of it is not what is."""
    rest.begin()
    scan_s(rest.pump, 0.4)
    assert rest.out.ox_line == 1
    again = Rest(cycle(rest.pump, 1, power))
    assert again.core.oximeter.search is None and again.open_as_set()
    again.ask(messages.HEARD_GET, line=1)
    scan_s(again.pump, 0.1)
    (heard,) = [answer.fields for answer in again.answers() if answer.type == messages.HEARD[0]]  # type: ignore[attr-defined]
    assert (heard["turn"], heard["search"]) == (again.out.ox_line, searches.NEVER) == (0, 0)


@pytest.mark.req("INT-12")
def test_it_persists_nothing(rest: Rest) -> None:
    """Else the pump reads another format after a power cut than a person has set."""
    scan_s(rest.pump, 1)
    before = dict(rest.board.fram), list(rest.core.settings.values)
    rest.board.samples = False
    rest.begin()
    rest.board.uart_send(1, _bytes_of("masimo-ascii")[:200])
    assert until(rest.pump, lambda pump: not pump.controller.oximeter.searches, 4)
    assert rest.stands() == searches.FOUND and rest.open_as_set()
    assert (dict(rest.board.fram), list(rest.core.settings.values)) == before and not rest.core.settings.due
    again = CorePump(20_000)
    assert again.controller.oximeter.search is None and again.out.ox_line == 0


@pytest.mark.req("INT-8", "FLO-10", "ALM-7")
def test_whatever_comes_in_whatever_order_the_line_is_as_set_when_it_may_flow() -> None:
    """Else an order that nobody thought of leaves a patient unread. A search, then each word of two acts, and back."""
    acts = {
        "listen": lambda rest: rest.ask(messages.LISTEN, wanted=1),
        "end": lambda rest: rest.ask(messages.LISTEN, wanted=0),
        "start": lambda rest: tap(rest.pump, START),
        "load": lambda rest: [rest.ask(layout, **fields) for layout, fields in load_requests(encode(mini()))],
        "stop": lambda rest: rest.ask(messages.STOP),
        "gone": lambda rest: scan_s(rest.pump, 5.5),
    }
    ends = set()
    for word in product(acts, repeat=2):
        rest = Rest(pump_with(mini(), 100_000))
        for act in ("listen", *word, "listen"):
            acts[act](rest)
            for _ in range(4):
                rest.pump.scan()
                core, at_rest = rest.core, states.GROUP[rest.core.session.state] & states.AT_REST
                blind = rest.out.ox_line != 0
                assert blind == core.oximeter.searches and (
                    not blind or (at_rest and not core.conditions.monitoring.on)
                )
                assert rest.open_as_set() or blind, word
        if rest.core.oximeter.search:
            ends.add(rest.stands())
    assert {searches.KEY_DOWN, searches.LAPTOP_SILENT, searches.CALLED_OFF} <= ends, "each way out was taken"
