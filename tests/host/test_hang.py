"""`hang`: a scanned code goes to the pump, which alone judges it; a press there is still needed (PRO-8, SEC-1)."""

from collections.abc import Iterator

import pytest
from approval_kit import SAMPLE
from fake_pump import FakePump
from test_client import CoreBehindPty

from pump.tables import messages as m
from pump.tables import states
from toleramp import cli
from toleramp.device import remembered
from toleramp.device.client import Pump
from toleramp.protocol.file import compile_file
from toleramp.protocol.table import table

pytest_plugins = ("fake_pump",)
pytestmark = pytest.mark.usefixtures("world")


def sent(fake: FakePump) -> list[bytes]:
    """The codes that the pump got."""
    return [fields.get("data", b"") for kind, fields in fake.seen if kind == m.HANG[0]]


@pytest.mark.req("PRO-8", "SEC-1")
@pytest.mark.parametrize("code", ["TLR-A-0001", " TLR-A-0001\r\n", "Bag 12/a"])
def test_the_whole_code_goes_to_the_pump_and_a_press_is_asked_for(
    fake: FakePump, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a scanner's line end makes a right bag a wrong one, or people take the scan for the start."""
    assert cli.main(["hang", code, "--port", fake.port]) == 0
    assert sent(fake) == [code.strip().encode()]
    out, err = capsys.readouterr()
    assert err == "" and "press CONFIRM at the pump" in out and code.strip() in out


@pytest.mark.req("PRO-8")
def test_a_wrong_bag_is_a_no(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a script goes on with it."""
    fake.refuse[m.HANG[0]] = ("range", 0, 0)
    assert cli.main(["hang", "TLR-B-0001", "--port", fake.port]) == 1
    out, err = capsys.readouterr()
    assert err == "" and out.startswith("WRONG BAG: TLR-B-0001") and "take it down" in out


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize("code", ["TLR-A-OOO1", "tlr-a-0001", "TLR-A-000I", "TLR-A-000l", "TLR - A-0001"])
def test_a_near_miss_suggests_the_scanner(fake: FakePump, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the right bag, typed or scanned in small letters, is taken down as a wrong one."""
    fake.fingerprint = "SPF5YJZZ"
    remembered.remember(table(compile_file(SAMPLE)[1], fake.fingerprint))
    fake.refuse[m.HANG[0]] = ("range", 0, 0)
    assert cli.main(["hang", code, "--port", fake.port]) == 1
    said = capsys.readouterr().out
    assert "looks like TLR-A-0001, bag A" in said and "scan the label" in said and "take it down" not in said


@pytest.mark.req("PRO-8")
def test_another_bag_of_the_protocol_is_named(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    """Else people look for what is wrong with the label, not with the bag."""
    fake.fingerprint = "SPF5YJZZ"
    remembered.remember(table(compile_file(SAMPLE)[1], fake.fingerprint))
    fake.refuse[m.HANG[0]] = ("range", 0, 0)
    assert cli.main(["hang", "TLR-B-0001", "--port", fake.port]) == 1
    assert "this is bag B: take it down" in capsys.readouterr().out


@pytest.mark.req("PRO-8")
def test_no_bag_is_asked_for(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a person believes that the bag has been checked."""
    fake.refuse[m.HANG[0]] = ("busy", 0, 0)
    assert cli.main(["hang", "TLR-B-0001", "--port", fake.port]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "asks for no bag now" in err


@pytest.mark.req("PRO-8")
def test_a_lost_answer_is_not_asked_for_again(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a scan that comes twice is refused the second time, and the bag that runs looks wrong."""
    fake.swallow[m.HANG[0]] = 1
    assert cli.main(["hang", "TLR-A-0001", "--port", fake.port]) == 2
    assert "no answer" in capsys.readouterr().err and fake.asked(m.HANG) == 1


@pytest.mark.parametrize("code", ["", "  ", "x" * 25, "a\tb", "ä" * 13, "Beutel Ä"])
def test_what_can_be_no_code_never_leaves(fake: FakePump, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and the pump hears nothing."""
    assert cli.main(["hang", code, "--port", fake.port]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and fake.seen == []


@pytest.fixture
def core() -> Iterator[CoreBehindPty]:
    """The firmware's core with the sample loaded, asking for its first bag."""
    core = CoreBehindPty()
    try:
        core.controller.bench = True
        with Pump(core.port) as pump:
            pump.load(compile_file(SAMPLE)[0])
        yield core
    finally:
        core.close()


def ask(core: CoreBehindPty) -> None:
    """START has been pressed, just now and for a while: the core's clock runs faster than ours."""
    session = core.controller.session
    session._to(states.ARMED)
    session.question.age_ms = -10_000_000


@pytest.mark.req("PRO-8", "SEC-1")
def test_the_real_core_judges_and_starts_nothing(core: CoreBehindPty) -> None:
    """Else a laptop confirms a bag, or tool and pump mean different codes."""
    session = core.controller.session
    assert cli.main(["hang", "TLR-A-0001", "--port", core.port]) == 2  # nothing is asked for
    for code, exit_code in (("TLR-B-0001", 1), ("TLR-A-000", 1), ("TLR-A-0001", 0)):
        ask(core)
        assert cli.main(["hang", code, "--port", core.port]) == exit_code
        assert session.question.second == (exit_code == 0)
        assert session.state != states.RUNNING and not core.controller.delivery.flowing
