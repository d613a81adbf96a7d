"""The client against a pump that fails in every way a line can fail (over a real pty)."""

import os
import struct
import threading

import pytest
from fake_pump import FakePump, event_fields, status_fields
from hypothesis import given, settings
from hypothesis import strategies as st

from pump.protocol.fingerprint import fingerprint
from pump.tables import events, states
from pump.tables import messages as m
from toleramp.device.client import Pump, wrong_contract
from toleramp.device.wire import TO_HOST, TO_PUMP, Wire, pack, unpack
from toleramp.errors import LinkLost, NoAnswer, NotToleramp, Refused, UserError, WrongContract
from toleramp_bench.runs.patience import stretched_s

BLOB = bytes(range(256)) + b"toleramp" * 10  # three pieces


pytest_plugins = ("fake_pump",)


LOST_S = 0.5  # after so long an answer counts as lost: more than a busy machine needs for one that comes


def quick(fake: FakePump) -> Pump:
    """A client that soon asks again. For the tests where answers do get lost; the others wait as long as the tool."""
    return Pump(fake.port, answer_s=stretched_s(LOST_S))


# -- the wire

FIELD = {"B": 255, "H": 65535, "I": 2**32 - 1, "i": 2**31 - 1}


@st.composite
def sent(draw: st.DrawFn) -> tuple[tuple[int, str, str], dict[str, object]]:
    layout = draw(st.sampled_from(TO_PUMP + TO_HOST))
    fields: dict[str, object] = {}
    codes = layout[1].lstrip("<").replace("12s", "s").replace("16s", "b").replace("8s", "s")
    for name, code in zip(layout[2].split(), codes, strict=True):
        text = st.text("abc019.", max_size=8)
        texts = {"s": text, "b": st.binary(min_size=16, max_size=16)}
        fields[name] = draw(texts[code] if code in texts else st.integers(0, FIELD[code]))
    if layout == m.EVENT:
        fields["part"] = 0  # another part is another layout: below
    if layout == m.LOAD_DATA:
        fields["data"] = draw(st.binary(min_size=1, max_size=m.LOAD_CHUNK))
    return layout, fields


@pytest.mark.req("INT-5")
def test_a_continued_record_is_read_by_its_own_layout() -> None:
    """Else a person's name is read as a rate and a volume."""
    fields = {"seq": 7, "t_s": 1, "t_ms": 2, "wall_s": 3, "boot": 4, "kind": 5, "part": 1, "chain": 6, "crc": 8}
    content = bytes(range(m.DATA_BYTES))
    payload = struct.pack(
        m.CONTINUED[1], *(content if name == "data" else fields[name] for name in m.CONTINUED[2].split())
    )
    wire = Wire()
    (message,) = wire.feed(wire.encode((m.EVENT[0], "", ""), 0, data=payload))
    assert message.fields == {**fields, "data": content}


@given(st.lists(st.tuples(sent(), st.binary(max_size=30)), max_size=6), st.integers(1, 40))
@settings(deadline=None)
def test_messages_survive_noise_between_frames(
    traffic: list[tuple[tuple[tuple[int, str, str], dict[str, object]], bytes]], piece: int
) -> None:
    wire = Wire(TO_PUMP + TO_HOST)
    line = b"".join(noise + wire.encode(layout, n, **fields) for n, ((layout, fields), noise) in enumerate(traffic))
    found = [message for i in range(0, len(line), piece) for message in wire.feed(line[i : i + piece])]
    assert [(f.type, f.sequence, f.fields) for f in found] == [
        (layout[0], n, fields) for n, ((layout, fields), _) in enumerate(traffic)
    ]


@given(st.binary(max_size=400))
def test_noise_is_no_message(noise: bytes) -> None:
    wire = Wire()
    assert wire.feed(noise) == []
    assert wire.noise == noise[-40:]


def test_a_damaged_or_foreign_frame_is_counted() -> None:
    wire = Wire()
    good = wire.encode(m.STATUS, 1, **status_fields())
    assert wire.feed(good[:9] + b"\x55" + good[10:]) == []
    assert wire.feed(wire.encode(m.PING, 1)) == []  # a request is nothing that a pump says
    assert wire.bad == 2


def test_short_payload_is_refused() -> None:
    with pytest.raises(ValueError, match="STATUS"):
        unpack(m.STATUS, b"123")
    assert unpack(m.ACK, pack(m.ACK, {"request": 7})) == {"request": 7}


# -- questions and answers


def test_hello_and_status(fake: FakePump) -> None:
    with Pump(fake.port) as pump:
        assert pump.hello()["version"] == "0.1.0"
        assert pump.hello()["fingerprint"] == ""  # dashes mean none
        assert pump.status() == fake.status


def test_a_silent_port(fake: FakePump) -> None:
    fake.silent = True
    with Pump(fake.port) as pump, pytest.raises(NoAnswer, match="silent") as caught:
        pump.hello(timeout_s=0.1)
    assert "0.3 s" in str(caught.value)  # the number that was waited
    assert not isinstance(caught.value, NotToleramp)


@pytest.mark.parametrize(
    ("banner", "advice"),
    [(b"hello from a thermometer\r\n", "another device"), (b"raw REPL; CTRL-B to exit\r\n>", "flash")],
)
def test_a_stranger_answers(fake: FakePump, banner: bytes, advice: str) -> None:
    fake.garbage = banner
    with Pump(fake.port) as pump, pytest.raises(NotToleramp, match=advice) as caught:
        pump.hello(timeout_s=stretched_s(0.3))
    assert banner.split()[-1].decode() in str(caught.value)


@pytest.mark.parametrize(("version", "advice"), [("0.0.1", "flash"), ("99.0", "update the tool"), ("", "flash")])
def test_another_contract(fake: FakePump, version: str, advice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toleramp.device.client.__version__", "0.1.0")
    fake.contract, fake.version = 0xDEADBEEF, version
    with Pump(fake.port) as pump, pytest.raises(WrongContract, match=advice) as caught:
        pump.hello()
    assert "deadbeef" in str(caught.value)
    assert f"{m.CONTRACT:08x}" in str(caught.value)


def test_a_hello_of_another_shape_still_names_its_contract() -> None:
    wire = Wire()
    foreign = wire.encode((m.HELLO_REPLY[0], "<I9s", "contract rest"), 1, contract=0xDEADBEEF, rest="another")
    assert wire.feed(foreign)[0].fields["contract"] == 0xDEADBEEF
    assert "deadbeef" in str(wrong_contract(0xDEADBEEF, "", "port"))


def test_a_lost_answer_is_asked_for_again(fake: FakePump) -> None:
    fake.swallow[m.STATUS_GET[0]] = 2
    with quick(fake) as pump:
        assert pump.status()["step"] == 3
    assert fake.asked(m.STATUS_GET) == 3


def test_the_stream_waits_in_its_queue(fake: FakePump) -> None:
    with Pump(fake.port) as pump:
        for seq in range(300):  # the pump's own numbers run through all 256
            fake.emit(m.EVENT, event_fields(seq, "vitals"))
            if seq % 50 == 0:
                pump.ping()
        got = [pump.receive(5.0) for _ in range(300)]
        assert [message.fields["seq"] for message in got if message] == list(range(300))
        assert pump.receive(0.05) is None


def test_events_by_number(fake: FakePump) -> None:
    fake.events[7] = event_fields(7, "paused")
    with Pump(fake.port) as pump:
        found = pump.event(7)
        assert found and found["kind"] == events.PAUSED
        assert pump.event(8) is None


@pytest.mark.req("INT-8")
def test_a_pulled_cable_is_a_lost_link(fake: FakePump) -> None:
    with Pump(fake.port) as pump:
        pump.hello()
        fake.pull()
        with pytest.raises(LinkLost, match="goes on by itself"):
            pump.status()
        pump.close()


@pytest.mark.req("SEC-1")
def test_pause_and_stop_need_no_hello(fake: FakePump) -> None:
    with Pump(fake.port) as pump:
        pump.pause()
        assert pump.status()["state"] == states.HELD
        pump.stop()
        assert pump.status()["state"] == states.STOPPED
    assert not fake.asked(m.HELLO)


# -- loading


def test_load_and_read_back(fake: FakePump) -> None:
    seen: list[tuple[int, int]] = []
    with Pump(fake.port) as pump:
        said = pump.load(BLOB, lambda done, total: seen.append((done, total)))
    assert said["fingerprint"] == fingerprint(BLOB)
    assert bytes(fake.image) == BLOB
    assert seen == [(128, 336), (256, 336), (336, 336)]


def test_load_survives_lost_answers(fake: FakePump, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toleramp.device.client.LOAD_END_S", stretched_s(LOST_S))
    fake.swallow.update({m.LOAD_BEGIN[0]: 1, m.LOAD_DATA[0]: 2, m.LOAD_END[0]: 1})
    with quick(fake) as pump:
        assert pump.load(BLOB)["fingerprint"] == fingerprint(BLOB)
    assert [f["offset"] for kind, f in fake.seen if kind == m.LOAD_DATA[0]] == [0, 0, 0, 128, 256]


@pytest.mark.req("PRO-1")
def test_a_refused_protocol_says_where_and_why(fake: FakePump) -> None:
    fake.refuse[m.LOAD_END[0]] = ("ratio-exceeded", 9, 3200)
    with Pump(fake.port) as pump, pytest.raises(Refused, match="step 9: ratio-exceeded") as caught:
        pump.load(BLOB)
    assert (caught.value.code, caught.value.step, caught.value.detail) == ("ratio-exceeded", 9, 3200)
    assert "\n" not in str(caught.value)


def test_a_busy_pump(fake: FakePump) -> None:
    fake.refuse[m.LOAD_BEGIN[0]] = ("busy", 0, 0)
    with Pump(fake.port) as pump, pytest.raises(Refused, match="busy with a session"):
        pump.load(BLOB)


@pytest.mark.req("PRO-1")
def test_another_fingerprint_than_the_loaded_is_an_error(fake: FakePump) -> None:
    fake.shows = "OTHER123"
    with Pump(fake.port) as pump, pytest.raises(UserError, match="OTHER123") as caught:
        pump.load(BLOB)
    assert fingerprint(BLOB) in str(caught.value)


@pytest.mark.parametrize("size", [0, m.PROTOCOL_MAX + 1])
def test_sizes_that_no_pump_takes(fake: FakePump, size: int) -> None:
    with Pump(fake.port) as pump, pytest.raises(UserError, match=f"{size} bytes"):
        pump.load(bytes(size))
    assert not fake.seen


def test_an_unknown_refusal_is_said() -> None:
    """Else a newer pump's refusal ends in a traceback."""
    assert "code 250" in str(Refused(250))  # a newer pump's


# -- the real core at the other end


class CoreBehindPty:
    """The controller itself, scanning in a thread, its host line on a pty."""

    def __init__(self) -> None:
        from oximeters.registry import parser
        from pump.controller import Controller
        from pump.io import Outputs, Snapshot

        self.controller = Controller(parser("nonin-df2"), 100_000, build=(b"0.1.0", b"b1", b"abcdef0"))
        self.snap, self.out = Snapshot(), Outputs()
        self.master, slave = os.openpty()
        self.port, self._slave = os.ttyname(slave), slave
        self._done = threading.Event()
        os.set_blocking(self.master, False)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        snap, out = self.snap, self.out
        self.controller.boot()
        while not self._done.wait(0.001):
            snap.dt_ms = 20
            snap.now_ms += 20
            try:
                data = os.read(self.master, len(snap.link))
            except BlockingIOError:
                data = b""
            snap.link[: len(data)], snap.link_n = data, len(data)
            self.controller.scan(snap, out)
            if out.tx_n:
                os.write(self.master, bytes(out.tx[: out.tx_n]))

    def close(self) -> None:
        self._done.set()
        self._thread.join(5)
        os.close(self.master)
        os.close(self._slave)


def test_the_real_core_answers() -> None:
    core = CoreBehindPty()
    try:
        with Pump(core.port) as pump:
            assert pump.hello()["version"] == "0.1.0"
            assert states.NAMES[pump.status()["state"]] == "idle"
            boot = pump.event(0)
            assert boot and events.NAMES[boot["kind"]] == "boot"
            assert pump.event(99) is None
            with pytest.raises(Refused):
                pump.load(BLOB)  # no protocol at all
            pump.stream(100)
            pump.ping()
            message = pump.receive(2.0)
            assert message and message.name in ("EVENT", "STATUS")
            pump.stop()
    finally:
        core.close()
