"""The commands as a person uses them, against a fake pump on a pty, with what goes wrong on the way."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from approval_kit import Office
from fake_pump import FakePump

import toleramp
from pump.protocol import approval
from pump.protocol import protocol as device
from pump.tables import messages as m
from toleramp import cli, plugins

PACKAGE = Path(toleramp.__file__).parent
CHECKOUT = PACKAGE.parents[1]
PROTOCOL = PACKAGE / "protocols" / "bwh12-500mg.toml"


pytest_plugins = ("fake_pump", "approval_kit")
pytestmark = pytest.mark.usefixtures("world")


# -- the frame


def test_help_is_light() -> None:
    code = "import sys; from toleramp import cli\ntry: cli.main(['--help'])\nfinally: print(sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    for heavy in ("serial", "matplotlib", "jinja2", "PIL", "rp2040py", "toleramp.device.client"):
        assert f"'{heavy}'" not in out
    for name in cli.commands():
        assert re.search(rf"^ +{name} ", out, re.M)


def own_commands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes what other packages registered away."""
    monkeypatch.setattr("toleramp.plugins.entry_points", lambda group: ())


def test_without_the_bench_its_commands_say_what_helps(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Else a laptop with the tools alone answers with a traceback, or knows no command at all."""
    own_commands_alone(monkeypatch)
    assert cli.main(["scenario", "run", "x.toml"]) == 2
    assert "the bench is not installed; run: make setup" in capsys.readouterr().err
    assert cli.main(["report", str(tmp_path)]) == 2
    assert "the bench is not installed; run: make setup" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    out = capsys.readouterr().out
    assert caught.value.code == 0 and " monitor " in out and " scenario " not in out
    with pytest.raises(SystemExit):
        cli.main(["report", "--help"])
    assert "--library" not in capsys.readouterr().out


def test_a_command_whose_module_is_gone_says_what_helps(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a half removed bench takes the whole tool's help with it."""
    gone = (EntryPoint("scenario", "toleramp_gone.scenario", plugins.COMMANDS),)
    monkeypatch.setattr("toleramp.plugins.entry_points", lambda group: gone if group == plugins.COMMANDS else ())
    assert cli.main(["scenario"]) == 2
    assert capsys.readouterr().err.rstrip().endswith("; run: make setup")
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert re.search(r"scenario +\(not installed; run: make setup\)", capsys.readouterr().out)


def test_what_pyproject_registers_exists() -> None:
    """Else `toleramp scenario` fails after the next installation, and not before."""
    registers = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    commands = registers[plugins.COMMANDS]
    for name, module in commands.items():
        path = plugins.source(EntryPoint(name, module, plugins.COMMANDS))
        assert path is not None and path.stem == name, name
    folder = path.parent
    verbs = {module.rpartition(".")[2] for module in registers[plugins.OXIMETER].values()}
    described = {path.stem for path in folder.glob("*.py") if "def add_parser(" in path.read_text("utf-8")}
    assert described == {*commands, *verbs}
    for name, module in registers[plugins.OXIMETER].items():
        assert plugins.load(EntryPoint(name, module, plugins.OXIMETER)).add_parser
    (report,) = registers[plugins.REPORTS].values()
    assert plugins.load(EntryPoint("", report, plugins.REPORTS)).OPTIONS


@pytest.mark.parametrize("name", cli.commands())
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([name, "--help"])
    assert caught.value.code == 0
    assert f"toleramp {name}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"toleramp {toleramp.__version__}\n"


@pytest.mark.parametrize(
    "argv",
    [["statsu"], [], ["status", "--prot", "x"], ["status", "--port", "/dev/ttyNONE"], ["load"], ["status"]],
)
def test_what_cannot_be_used_is_one_line_and_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(argv) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("error: ")


def test_near_misses_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["statsu"])
    assert "did you mean `toleramp status`?" in capsys.readouterr().err


def test_near_misses_of_verbs_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["protocol", "chek", "x.toml"]) == 2
    assert capsys.readouterr().err.strip().endswith("did you mean check?")
    assert cli.main(["protocol", "xyzzy"]) == 2
    assert capsys.readouterr().err.strip().endswith("see `toleramp protocol --help`")


@pytest.mark.parametrize(
    ("error", "code"),
    [(ZeroDivisionError("two\nlines"), 2), (KeyboardInterrupt(), 130), (OSError(5, "I/O"), 2)],
)
def test_never_a_traceback(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(args: object) -> int:
        raise error

    monkeypatch.setattr("toleramp.commands.status.run", broken)
    assert cli.main(["status"]) == code
    assert capsys.readouterr().err.count("\n") == 1


def test_an_interrupted_campaign_has_a_result_and_ends_with_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a script takes the shell's 130 for a crash and throws the summary away."""
    from toleramp_bench.campaign import control

    outcome = control.Outcome({"findings": {"sessions": 0}, "complete": False}, Path(), broken_off=True)
    monkeypatch.setattr(control, "run", lambda options, say: outcome)
    assert cli.main(["campaign", "x.toml", "--sessions", "9", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["complete"] is False and err == ""


def strings() -> Iterator[str]:
    """Every text in the tool's sources, with a word in place of each inserted value."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_command_that_a_message_names_exists() -> None:
    named = {match for text in strings() for match in re.findall(r"`toleramp ([a-z]+)", text)}
    assert {"devices", "monitor", "report"} <= named
    assert named <= set(cli.commands()), named - set(cli.commands())


# -- asking


def test_devices(fake: FakePump, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli.main(["devices"]) == 1
    assert "no pump found" in capsys.readouterr().out
    monkeypatch.setenv("TOLERAMP_PORT", fake.port)
    assert cli.main(["devices", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["port"], row["state"], row["version"], row["error"]) == (fake.port, "running", "0.1.0", None)
    fake.contract = 1
    assert cli.main(["devices", "--port", fake.port]) == 0
    assert "contract" in capsys.readouterr().out


def test_status(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--port", fake.port]) == 0
    text = capsys.readouterr().out
    assert "running  step 3/12  bag A  10 mL/h  SpO2 97 %  pulse 72/min  signal good  since START" in text
    assert "baseline 98 %, lowest 91 % LOW, FALLS (97 to 94 % in 5 min)  0.1234 of 2.5000 mL  total 1.8734 mL" in text
    assert cli.main(["status", "--port", fake.port, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rate_ml_h"] == 10.0


@pytest.mark.req("SEC-1")
@pytest.mark.parametrize(("name", "layout", "word"), [("stop", m.STOP, "stopped"), ("pause", m.PAUSE, "holds")])
def test_pause_and_stop(
    fake: FakePump, name: str, layout: tuple[int, str, str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([name, "--port", fake.port]) == 0
    assert fake.seen[0][0] == layout[0]  # nothing comes before it
    text = capsys.readouterr().out
    assert word in text and "0.1234 mL in step 3 of 12, 1.8734 mL in all" in text


@pytest.mark.req("SEC-1")
def test_stop_reaches_another_versions_pump(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    fake.contract = 1
    assert cli.main(["stop", "--port", fake.port]) == 0
    assert "not known" in capsys.readouterr().out
    assert fake.asked(m.STOP) == 1


def test_a_stop_that_fails_says_what_to_do(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    fake.silent = True
    assert cli.main(["stop", "--port", fake.port]) == 2
    assert "press STOP at the pump" in capsys.readouterr().err


# -- loading


def test_load(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["load", str(PROTOCOL), "--port", fake.port]) == 0
    out, err = capsys.readouterr()
    assert err == ""  # no bar without a terminal
    signed, order, mode, loaded = out.splitlines()
    assert order.startswith("no order named")
    assert signed.endswith(": nobody has signed it") and "BENCH MODE" in mode
    assert re.fullmatch(rf"loaded '.+', fingerprint {fake.fingerprint}, \d+ bytes in \d+\.\d s", loaded)


@pytest.mark.req("PRO-1", "SES-1")
def test_load_says_who_approved(fake: FakePump, office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else nobody at the bedside knows whose protocol it is; said before the pump has it."""
    fake.mode = 0
    office.sign("afischer")
    capsys.readouterr()
    assert office.run("load", office.file, "--port", fake.port) == 0
    assert "signed by afischer as author; a verifier has not signed\n" in capsys.readouterr().out
    assert device.decode(fake.image).approval is None
    office.sign("bmeier")
    compiled = office.folder / "x.tlp"
    for path in (office.file, compiled):
        capsys.readouterr()
        assert office.run("load", path, "--port", fake.port) == 0
        out = capsys.readouterr().out
        assert out.splitlines()[0].endswith(": signed by afischer as author and bmeier as verifier")
        assert "BENCH" not in out
        compiled.write_bytes(fake.image)
    assert device.decode(fake.image).approval.verifier == "bmeier"


@pytest.mark.req("PRO-1", "PRO-6")
def test_a_file_that_changed_after_it_was_signed_is_not_loaded(
    fake: FakePump, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else it goes to the pump as one that nobody signed, which bench mode takes."""
    office.sign_both()
    office.change("max_hold_min = 120", "max_hold_min = 90")
    capsys.readouterr()
    assert office.run("load", office.file, "--port", fake.port) == 2
    out, err = capsys.readouterr()
    assert out == "" and "the content has changed since afischer signed it" in err and not fake.seen


@pytest.mark.req("PRO-1", "SES-1")
@pytest.mark.parametrize(
    ("where", "said"),
    [
        (approval.UNSIGNED, "approval: it is not signed; load it in bench mode (UP and DOWN held at power-up"),
        (approval.NO_KEYS, "no keyring in the pump"),
        (approval.SAME_PERSON, "author and verifier are the same person"),
        (approval.AUTHOR_UNKNOWN, "does not know the author"),
        (approval.VERIFIER_UNKNOWN, "does not know the verifier"),
        (approval.AUTHOR_WRONG, "author's signature does not fit"),
        (approval.VERIFIER_WRONG, "verifier's signature does not fit"),
    ],
)
def test_why_an_approval_was_refused(fake: FakePump, where: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Else "approval, step 3" sends people to the third step."""
    fake.refuse[m.LOAD_END[0]] = ("approval", where, 0)
    assert cli.main(["load", str(PROTOCOL), "--port", fake.port]) == 2
    err = capsys.readouterr().err
    assert "the pump refused the protocol: approval: " in err and said in err
    assert "step" not in err and err.count("\n") == 1


@pytest.mark.req("PRO-1")
@pytest.mark.parametrize(
    ("code", "said"), [("bench-mode", "loads only in bench mode: hold UP and DOWN"), ("not-run", "print the table")]
)
def test_what_this_pump_does_not_run(fake: FakePump, code: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with what helps."""
    fake.refuse[m.LOAD_END[0]] = (code, 0, 0)
    assert cli.main(["load", str(PROTOCOL), "--port", fake.port]) == 2
    assert said in capsys.readouterr().err


def test_load_of_a_compiled_file(fake: FakePump, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["load", str(PROTOCOL), "--port", fake.port]) == 0
    compiled = tmp_path / "x.tlp"
    compiled.write_bytes(fake.image)
    assert cli.main(["load", str(compiled), "--port", fake.port]) == 0
    compiled.write_bytes(fake.image[:-1])
    assert cli.main(["load", str(compiled), "--port", fake.port]) == 2
    assert "not a compiled protocol" in capsys.readouterr().err


@pytest.mark.req("PRO-1")
def test_a_refused_load_is_one_line(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    fake.refuse[m.LOAD_END[0]] = ("dose-sum", 0, 0)
    assert cli.main(["load", str(PROTOCOL), "--port", fake.port]) == 2
    out, err = capsys.readouterr()
    assert "loaded" not in out and err.count("\n") == 1 and "dose-sum" in err
